export type { HandlerOptions } from './handler-options';
export {
  type FetchRequest,
  type MetricsHandler,
  metricsHandler,
  type NodeRequest,
  type NodeResponse,
} from './metrics-handler';
