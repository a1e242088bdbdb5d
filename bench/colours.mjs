// One name has one colour in all charts. Rivals have the colours of Okabe and Ito (2008), which people who cannot tell red
// from green can tell apart; references are grey.
import { gitlab, python } from './processes/languages.mjs';
import { copying, incumbent, limit, own, withoutMetrics } from './rivals.mjs';

export const colours = {
  [own]: '#d55e00',
  [incumbent]: '#0072b2',
  '@platformatic/prom-client': '#56b4e9',
  '@prometheus-io/client': '#009e73',
  [gitlab]: '#cc79a7',
  [python]: '#e69f00',
  [limit]: '#999999',
  [copying]: '#999999',
  [withoutMetrics]: '#999999',
  'no scrape': '#999999',
  'in proportion to the processes': '#444444',
};
