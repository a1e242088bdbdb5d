import { Recording } from '../../views/recording';
import type { TopState } from './frame';
import { labelNames, orders, rowsOf } from './rows';

/** The change of the state by a key. */
export function keyPressed(state: TopState, key: string): Partial<TopState> {
  if (state.isTyping) return typed(state, key);
  switch (key) {
    case 'up':
    case 'k':
      return { selected: Math.max(0, state.selected - 1) };
    case 'down':
    case 'j':
      return { selected: Math.min(lastRow(state), state.selected + 1) };
    case 'enter':
      return opened(state);
    case 'escape':
    case 'backspace':
      return closed(state);
    case '/':
      return { isTyping: true, filter: '' };
    case 's':
      return { order: orders[(orders.indexOf(state.order) + 1) % orders.length] ?? 'rate', selected: 0 };
    case 'g': {
      if (state.view !== 'families') return {};
      const names = [undefined, ...labelNames(state.recording.families.values())];
      return { by: names[(names.indexOf(state.by) + 1) % names.length], selected: 0 };
    }
    case 'w':
      return { view: state.view === 'workers' ? 'families' : 'workers', family: undefined, selected: 0 };
    case 'p':
      return { isPaused: !state.isPaused };
    case 'r':
      return {
        recording: new Recording(),
        view: 'families',
        family: undefined,
        series: undefined,
        selected: 0,
      };
    case '?':
    case 'h':
      return { view: state.view === 'help' ? 'families' : 'help', family: undefined };
    default:
      return {};
  }
}

function typed(state: TopState, key: string): Partial<TopState> {
  if (key === 'enter') return { isTyping: false, selected: 0 };
  if (key === 'escape') return { isTyping: false, filter: '', selected: 0 };
  if (key === 'backspace') return { filter: state.filter.slice(0, -1), selected: 0 };
  return key.length === 1 && key >= ' ' ? { filter: state.filter + key, selected: 0 } : {};
}

function opened(state: TopState): Partial<TopState> {
  const row = rowsOf(state.recording, state.family, state.filter, state.order, state.by)[state.selected];
  if (row === undefined) return {};
  const { family, series, labels } = row;
  if (state.view === 'families' && series.length > 1)
    return {
      view: 'series',
      family,
      selected: 0,
      filter: series.length < family.series.length ? labels : '',
    };
  if (state.view !== 'families' && state.view !== 'series') return {};
  return { view: 'detail', family: state.family, series: series[0] };
}

function closed(state: TopState): Partial<TopState> {
  if (state.view === 'detail')
    return { view: state.family === undefined ? 'families' : 'series', series: undefined };
  return { view: 'families', family: undefined, selected: 0, filter: '' };
}

function lastRow({ view, recording, family, filter, order, by, files }: TopState): number {
  if (view === 'workers') return Math.max(0, files.filter(({ kind }) => kind === 'segment').length - 1);
  return Math.max(0, rowsOf(recording, family, filter, order, by).length - 1);
}
