export type { CodedError, ErrorCode } from '../errors';
export type { HandlerOptions } from './handler-options';
export { instrumentHttp } from './instrument';
export { leaveOut, type RouteMark, setRoute } from './mark';
export {
  type FetchRequest,
  type MetricsHandler,
  metricsHandler,
  type NodeRequest,
  type NodeResponse,
} from './metrics-handler';
export type { HttpOptions, HttpRequest, HttpResponse } from './options';
export type { HttpDimension, HttpPreset } from './presets';
export { type H3Event, h3Routes } from './routes/h3-one';
export { type HonoContext, honoRoutes } from './routes/hono';
export { type MetricsServer, startMetricsServer } from './server/metrics-server';
export type { MetricsServerOptions } from './server/server-options';
