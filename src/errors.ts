import { format, inspect } from 'node:util';

/** Names an error or a warning for programs: match on the code, never on the text. A code is never renamed or reused. */
export type ErrorCode =
  | 'ERR_ADDON'
  | 'ERR_AGGREGATOR'
  | 'ERR_AUTO'
  | 'ERR_BUCKET_COUNT'
  | 'ERR_BUCKET_FACTOR'
  | 'ERR_BUCKET_START'
  | 'ERR_CANNOT_ASK'
  | 'ERR_COLLECT'
  | 'ERR_COLLECT_BY'
  | 'ERR_CONFIG'
  | 'ERR_CONFIGURED_TOO_LATE'
  | 'ERR_CONTENT_TYPE'
  | 'ERR_COUNTER_DECREASE'
  | 'ERR_DEFAULT_METRICS_CONFIG'
  | 'ERR_EXEMPLARS_FORMAT'
  | 'ERR_EXEMPLAR_SIZE'
  | 'ERR_GAUGE_MODE'
  | 'ERR_GROUP_ACCESS'
  | 'ERR_GROUP_DIRECTORY'
  | 'ERR_GROUP_UNKNOWN'
  | 'ERR_GROUP_USER'
  | 'ERR_HELP_MISSING'
  | 'ERR_HTTP_INSTRUMENTED'
  | 'ERR_JOB_NAME_MISSING'
  | 'ERR_LABELS_MISSING'
  | 'ERR_LABEL_COLLISION'
  | 'ERR_LABEL_COUNT'
  | 'ERR_LABEL_NAME'
  | 'ERR_LABEL_RESERVED'
  | 'ERR_LABEL_UNKNOWN'
  | 'ERR_LATE_ANSWER'
  | 'ERR_LISTEN'
  | 'ERR_MERGE_CONTENT_TYPE'
  | 'ERR_MERGE_EMPTY'
  | 'ERR_METRICS_HANDLER'
  | 'ERR_METRICS_SERVER'
  | 'ERR_METRIC_DIFFERS'
  | 'ERR_METRIC_COLLISION'
  | 'ERR_METRIC_EXISTS'
  | 'ERR_METRIC_NAME'
  | 'ERR_METRIC_UNKNOWN'
  | 'ERR_MOST_RECENT_DELTA'
  | 'ERR_MULTIPROCESS_MODE'
  | 'ERR_NAME_MISSING'
  | 'ERR_NATIVE_HISTOGRAM'
  | 'ERR_NOT_A_NUMBER'
  | 'ERR_OPENTELEMETRY_API'
  | 'ERR_OPTION_UNKNOWN'
  | 'ERR_OPTION_VALUE'
  | 'ERR_PRELOAD_IMPORT'
  | 'ERR_PRELOAD_VERSION'
  | 'ERR_PUSH_FAILED'
  | 'ERR_PUSH_TIMEOUT'
  | 'ERR_PUSHGATEWAY_URL'
  | 'ERR_PROCESS_UNKNOWN'
  | 'ERR_REGISTRY'
  | 'ERR_REGISTRY_NAME'
  | 'ERR_REGISTRY_UNKNOWN'
  | 'ERR_REGISTRY_UNNAMED'
  | 'ERR_REMOVAL'
  | 'ERR_ROUTE_LIMIT'
  | 'ERR_SCRAPE'
  | 'ERR_SEGMENT'
  | 'ERR_SERIES_LIMIT'
  | 'ERR_SERVER_UNKNOWN'
  | 'ERR_SERIES_TTL'
  | 'ERR_STATSD_LISTEN'
  | 'ERR_STATSD_MAPPING'
  | 'ERR_SUMMARY_WINDOW'
  | 'ERR_VIEW_AGGREGATION';

/** An ordinary Error, TypeError or RangeError that also carries its code. */
export type CodedError<E extends Error = Error> = E & { readonly code: ErrorCode };

const coded = (code: ErrorCode, error: Error): CodedError => Object.assign(error, { code });
const plain = (code: ErrorCode, message: string): CodedError => coded(code, new Error(message));
const type = (code: ErrorCode, message: string): CodedError => coded(code, new TypeError(message));
const range = (code: ErrorCode, message: string): CodedError => coded(code, new RangeError(message));

// Where prom-client has an error for the case, text and class are prom-client's to the letter: users match on them.

export const configMissing = (): CodedError => type('ERR_CONFIG', 'constructor expected a config object');
export const helpMissing = (): CodedError => plain('ERR_HELP_MISSING', 'Missing mandatory help parameter');
export const nameMissing = (): CodedError => plain('ERR_NAME_MISSING', 'Missing mandatory name parameter');
export const badMetricName = (): CodedError => plain('ERR_METRIC_NAME', 'Invalid metric name');
export const badLabelName = (): CodedError => plain('ERR_LABEL_NAME', 'Invalid label name');
export const labelsCollide = (metric: string, one: string, other: string): CodedError =>
  plain(
    'ERR_LABEL_COLLISION',
    `Expected labels of the metric ${metric} that differ in letters, digits and underscores, but got ${inspect(one)} and ` +
      `${inspect(other)}, which are one for scrapers that accept nothing else. Rename one of them.`,
  );
export const nameCollides = (name: string, other: string, escaped: string): CodedError =>
  plain(
    'ERR_METRIC_COLLISION',
    `Expected a metric name that differs in letters, digits and underscores from all others of its registry, but got ` +
      `${inspect(name)} beside ${inspect(other)}: both are ${escaped} for scrapers that accept nothing else. Rename one of them.`,
  );
export const badCollect = (): CodedError =>
  plain('ERR_COLLECT', 'Optional "collect" parameter must be a function');
export const reservedLabel = (label: string): CodedError =>
  plain('ERR_LABEL_RESERVED', `${label} is a reserved label keyword`);
export const unknownLabel = (label: string, names: readonly string[]): CodedError =>
  plain('ERR_LABEL_UNKNOWN', `Added label "${label}" is not included in initial labelset: ${inspect(names)}`);
export const labelCount = (values: readonly unknown[], names: readonly string[]): CodedError =>
  plain(
    'ERR_LABEL_COUNT',
    `Invalid number of arguments (${values.length}): "${values.join(', ')}" ` +
      `for label names (${names.length}): "${names.join(', ')}".`,
  );
export const badValue = (value: unknown, kind: 'Value' | 'Delta' = 'Value'): CodedError =>
  type('ERR_NOT_A_NUMBER', `${kind} is not a valid number: ${format(value)}`);
export const counterDecrease = (): CodedError =>
  plain('ERR_COUNTER_DECREASE', 'It is not possible to decrease a counter');
export const exemplarsFormat = (): CodedError =>
  type('ERR_EXEMPLARS_FORMAT', 'Exemplars are supported only on OpenMetrics registries');
export const exemplarSize = (): CodedError =>
  range('ERR_EXEMPLAR_SIZE', 'Label set size must be smaller than 128 UTF-8 chars');
export const metricExists = (name: unknown): CodedError =>
  plain('ERR_METRIC_EXISTS', `A metric with the name ${name} has already been registered.`);

/** In prom-client it is the engine's error of the expression that reads the missing metric. */
export const unknownMetric = (): CodedError =>
  type('ERR_METRIC_UNKNOWN', "Cannot read properties of undefined (reading 'getForPromString')");

/** A TypeError from the constructor of a registry, an Error from `setContentType()`, as in prom-client. */
export const badContentType = (
  contentType: unknown,
  ErrorClass: ErrorConstructor | TypeErrorConstructor,
): CodedError => coded('ERR_CONTENT_TYPE', new ErrorClass(`Content type ${contentType} is unsupported`));
export const mergeContentType = (): CodedError =>
  plain('ERR_MERGE_CONTENT_TYPE', 'Registers can only be merged if they have the same content type');

/** An error of the engine, too. */
export const mergeEmpty = (): CodedError =>
  type('ERR_MERGE_EMPTY', "Cannot read properties of undefined (reading 'contentType')");
export const badBucketCount = (kind: 'Linear' | 'Exponential'): CodedError =>
  plain('ERR_BUCKET_COUNT', `${kind} buckets needs a positive count`);
export const badBucketStart = (): CodedError =>
  plain('ERR_BUCKET_START', 'Exponential buckets needs a positive start');
export const badBucketFactor = (): CodedError =>
  plain('ERR_BUCKET_FACTOR', 'Exponential buckets needs a factor greater than 1');
export const badAggregator = (aggregator: unknown): CodedError =>
  plain('ERR_AGGREGATOR', `'${aggregator}' is not a defined aggregator.`);
export const badRegistry = (value: unknown): CodedError =>
  type('ERR_REGISTRY', `Expected Registry, got ${typeof value}`);
export const badDefaultMetricsConfig = (): CodedError =>
  type('ERR_DEFAULT_METRICS_CONFIG', 'config must be null, undefined, or an object');
export const jobNameMissing = (): CodedError => plain('ERR_JOB_NAME_MISSING', 'Missing jobName parameter');
export const pushFailed = (status: number, body: string): CodedError =>
  plain('ERR_PUSH_FAILED', `push failed with status ${status}, ${body}`);
export const pushTimedOut = (): CodedError => plain('ERR_PUSH_TIMEOUT', 'Pushgateway request timed out');

// The rest has no counterpart in prom-client.
export const badGatewayUrl = (url: unknown): CodedError =>
  type(
    'ERR_PUSHGATEWAY_URL',
    `Expected the URL of a Pushgateway, such as http://127.0.0.1:9091, but got ${inspect(url)}`,
  );
export const badMultiprocessMode = (name: string, mode: unknown, modes: readonly string[]): CodedError =>
  type(
    'ERR_MULTIPROCESS_MODE',
    `Expected multiprocessMode of gauge "${name}" to be one of ${modes.join(', ')}, but got ${inspect(mode)}`,
  );
export const twoGaugeModes = (name: string, aggregator: unknown, mode: unknown): CodedError =>
  type(
    'ERR_GAUGE_MODE',
    `Expected gauge "${name}" to have either an aggregator or a multiprocessMode, but got both ${inspect(aggregator)} and ` +
      `${inspect(mode)}: both say how the values of several processes become one, so leave one out`,
  );
export const mostRecentDelta = (name: string, method: 'inc' | 'dec', mode: string): CodedError =>
  plain(
    'ERR_MOST_RECENT_DELTA',
    `Expected only set() on gauge "${name}", whose multiprocessMode is ${mode}, but got ${method}(): ` +
      'the most recent value of several processes cannot be changed by a difference. Call set(), or use another mode',
  );
export const badSummaryWindow = (name: string, option: string, value: unknown): CodedError =>
  range(
    'ERR_SUMMARY_WINDOW',
    `Expected ${option} of summary "${name}" to be a positive ` +
      `${option === 'ageBuckets' ? 'whole number' : 'number of seconds'}, but got ${inspect(value)}`,
  );
export const badNativeHistogram = (
  name: string,
  option: string,
  expected: string,
  value: unknown,
): CodedError =>
  range(
    'ERR_NATIVE_HISTOGRAM',
    `Expected ${option} of histogram "${name}" to be ${expected}, but got ${inspect(value)}`,
  );
export const badRegistryName = (name: unknown): CodedError =>
  type(
    'ERR_REGISTRY_NAME',
    "Expected the name of a registry to be a non-empty string that is not a number and does not begin with 'at:' " +
      `(which stands for the registries without a name), but got ${inspect(name)}`,
  );
export const unknownOption = (
  name: string,
  nearest: string | undefined,
  names: readonly string[],
  target: string,
): CodedError =>
  type(
    'ERR_OPTION_UNKNOWN',
    `Expected only options of ${target}, but got ${inspect(name)}: ` +
      (nearest === undefined ? `the options are ${names.join(', ')}` : `did you mean ${nearest}?`),
  );

/** `source` names the option or the environment variable. */
export const badOption = (source: string, expected: string, value: unknown, advice: string): CodedError =>
  type('ERR_OPTION_VALUE', `Expected ${source} to be ${expected}, but got ${inspect(value)}: ${advice}`);
export const labelsMissing = (name: string, labels: unknown): CodedError =>
  type(
    'ERR_LABELS_MISSING',
    `Expected the labels of one series of "${name}" for removeFromGroup(), but got ${inspect(labels)}: ` +
      `call resetGroup(${inspect(name)}) for all series, or pass {} for the series without labels`,
  );
export const configuredTooLate = (): CodedError =>
  plain(
    'ERR_CONFIGURED_TOO_LATE',
    'Expected configure() before the first metric and the first scrape of this thread, but its store is open already: ' +
      'call it at the start of the program, before the modules that define metrics are loaded',
  );
export const forbiddenDirectory = (path: string, reason: string): CodedError =>
  plain(
    'ERR_GROUP_DIRECTORY',
    `Expected a directory of this user alone at ${path}, but ${reason}: remove it, or name another directory`,
  );
export const sharedDirectory = (path: string, mode: number): CodedError =>
  plain(
    'ERR_GROUP_DIRECTORY',
    `Expected a directory in which only this user and its group may write at ${path}, but its mode is ${mode.toString(8)}: ` +
      `name a directory inside it, such as ${path.replace(/\/+$/, '')}/metrics, which is then made for this user alone, ` +
      'or call `configure({ allowSharedDirectory: true })` if all users who may write there are trusted',
  );
export const scrapeFailed = (reason: string, cause: unknown): CodedError =>
  coded(
    'ERR_SCRAPE',
    new Error(
      `Expected to read all segments of this group for a scrape, but got ${reason}. Nothing is shown rather than numbers ` +
        'that are too low, which would look like resets; no count is lost. Scrape again, when this process has file descriptors and memory left',
      { cause },
    ),
  );
export const removalFailed = (reason: string, cause: unknown): CodedError =>
  coded(
    'ERR_REMOVAL',
    new Error(
      `Expected to ask all processes of this group to remove series, but got ${reason}. Some of them may have removed the series: ` +
        'make room in the directory of the group, then call the method again',
      { cause },
    ),
  );
export const noGroup = (name: string | undefined, others: readonly string[]): CodedError =>
  plain(
    'ERR_GROUP_UNKNOWN',
    `Expected ${name === undefined ? 'a group on this machine' : `a group named ${inspect(name)}`}, but got ` +
      `${others.length === 0 ? 'none' : `only ${others.join(', ')}`}: an application makes its group with its first metric, in ` +
      '/dev/shm/prom-client-mmap-<uid>, or in the directory that PROM_CLIENT_MMAP_DIR or configure({ dir }) names. ' +
      'Pass that directory or the pid of a process, as the user of the application',
  );
export const severalGroups = (commands: readonly string[]): CodedError =>
  plain(
    'ERR_GROUP_UNKNOWN',
    `Expected the name of a group, because there are ${commands.length}. Choose one:\n` +
      commands.map((command, i) => `  ${i + 1}. ${command}`).join('\n'),
  );
export const forbiddenGroup = (
  directory: string,
  user: number | undefined,
  owner: number,
  mode: number,
): CodedError =>
  plain(
    'ERR_GROUP_ACCESS',
    `Expected the right to read ${directory}, but it belongs to user ${owner} with mode ${mode.toString(8)}, and this is user ${user}: ` +
      'run the command as that user, or as root',
  );
export const cannotAsk = (command: string, option: string): CodedError =>
  plain(
    'ERR_CANNOT_ASK',
    `Expected a terminal to ask at, or the option ${option} of \`${command}\`, but got neither: pass ${option} to do it without a question`,
  );
export const cannotListen = (address: string, reason: string): CodedError =>
  plain(
    'ERR_LISTEN',
    `Expected to listen at ${address}, but got ${reason}: ` +
      `${reason === 'EADDRINUSE' ? 'another program does; choose another port' : 'choose an address of this machine'}`,
  );
export const noServerAddress = (directory: string): CodedError =>
  plain(
    'ERR_SERVER_UNKNOWN',
    `Expected a metrics server of the group in ${directory}, but no process has one: pass --address HOST:PORT of the server that ` +
      'Prometheus is to scrape, such as one that `prom-client-mmap serve` starts',
  );
export const badMapping = (file: string, line: number, expected: string, value: unknown): CodedError =>
  plain(
    'ERR_STATSD_MAPPING',
    `Expected ${expected} at ${file}:${line}, but got ${typeof value === 'string' ? value : inspect(value, { depth: 1 })}: ` +
      'correct the mapping file',
  );
export const unreadableMapping = (file: string, reason: string): CodedError =>
  plain(
    'ERR_STATSD_MAPPING',
    `Expected a mapping file of statsd_exporter at ${file}, but got ${reason}: correct the path, or leave it out for no mapping`,
  );
export const badStatsdAddress = (address: string, reason: string): CodedError =>
  plain(
    'ERR_STATSD_LISTEN',
    `Expected to listen for statsd at ${address}, but got ${reason}: another application has it, or this machine does not. It is tried ` +
      'again twice a second: free the address, or choose another one by listenStatsd({ host, port })',
  );
export const unknownProcess = (pid: unknown): CodedError =>
  plain(
    'ERR_PROCESS_UNKNOWN',
    `Expected the pid of a living process of this group, but got ${pid}: it has ended, or it counts into another group. ` +
      '/targets of the metrics server, and `prom-client-mmap targets`, list the pids of a group',
  );
export const unknownFamily = (name: string, nearest: string | undefined): CodedError =>
  plain(
    'ERR_METRIC_UNKNOWN',
    `Expected the name of a metric that these processes and registries have, but got ${inspect(name)}: ` +
      (nearest === undefined ? 'without --name all are shown' : `did you mean ${nearest}?`),
  );
export const unknownRegistry = (name: string): CodedError =>
  plain(
    'ERR_REGISTRY_UNKNOWN',
    `Expected the name of a registry with metrics, as new Registry() got it, but no process of this group has one named ` +
      `${inspect(name)}: without --registry all are shown`,
  );
export const badCollectBy = (name: string, value: unknown): CodedError =>
  type(
    'ERR_COLLECT_BY',
    `Expected collectBy of gauge "${name}" to be 'each' or 'leader', but got ${inspect(value)}`,
  );
export const metricDiffers = (name: string, expected: string, found: string): CodedError =>
  plain(
    'ERR_METRIC_DIFFERS',
    `Expected the metric "${name}" of the registry to be ${expected}, but got ${found}: ` +
      'use the same definition everywhere, or another name',
  );
export const badSeriesTtl = (name: string, value: unknown): CodedError =>
  range(
    'ERR_SERIES_TTL',
    `Expected ttlSeconds of metric "${name}" to be a positive number of seconds, but got ${inspect(value)}`,
  );
export const viewAggregation = (value: unknown): CodedError =>
  plain(
    'ERR_VIEW_AGGREGATION',
    `Expected a view without aggregation, but got ${inspect(value)}: the instrument decides. Name the upper bounds of a histogram in ` +
      "buckets, choose exponential ones with `histogram: 'exponential'`, or leave instruments out with `drop: true`",
  );
