// Charts as SVG text, for the reports that programs of this repository write.
import * as echarts from 'echarts';

/** Colours that people who cannot tell red from green can tell apart (Okabe and Ito, 2008). */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555'];
const font = { fontFamily: 'sans-serif', color: '#333' };
const titleHeight = 44;
const panelHeight = 290;

/**
 * Panels below each other, as the text of an SVG file.
 *
 * A panel has a `title`, the axes `x` and `y` and `series`. An axis is `{ name, type, min, max, categories }`: its `type` is
 * `value` (the default), `log`, or `category` with the texts of its `categories`. A series is `{ name, type, data, dashed }`: its
 * `type` is `line` (the default), `scatter` or `bar`, its data `[x, y]` pairs or a number for each category; null is a gap.
 * Series of one name have one colour in all panels: that of `colours`, which must then have all names, or the next one of the
 * palette.
 */
export function chart({ title, width = 840, panels, colours }) {
  const picture = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width,
    height: titleHeight + panels.length * panelHeight,
  });
  const names = [...new Set(panels.flatMap((panel) => panel.series.map((one) => one.name)))];
  const colourOf = (name) => {
    if (colours === undefined) return palette[names.indexOf(name) % palette.length];
    if (colours[name] === undefined) throw new Error(`${title}: expected a colour for ${name}`);
    return colours[name];
  };
  const top = (index) => titleHeight + index * panelHeight;
  picture.setOption({
    animation: false,
    backgroundColor: '#fff',
    textStyle: font,
    title: [
      { text: title, left: 'center', top: 8, textStyle: { ...font, fontSize: 17 } },
      ...panels.map((panel, index) => ({
        text: panel.title,
        left: 70,
        top: top(index) + 4,
        textStyle: { ...font, fontSize: 13 },
      })),
    ],
    legend: panels.map((panel, index) => ({
      data: panel.series.map(({ name }) => name),
      selectedMode: false,
      top: top(index) + 24,
      left: 64,
      icon: 'rect',
      itemWidth: 14,
      itemHeight: 10,
      itemGap: 34,
      textStyle: font,
    })),
    grid: panels.map((_, index) => ({
      top: top(index) + 52,
      height: panelHeight - 104,
      left: 70,
      right: 30,
    })),
    xAxis: panels.map(({ x }, index) => axis(x, index, { nameGap: 26 })),
    yAxis: panels.map(({ y }, index) => axis(y, index, { nameGap: 50 })),
    series: panels.flatMap((panel, index) =>
      panel.series.map((one) => series(one, colourOf(one.name), index)),
    ),
  });
  const svg = picture.renderToSVGString();
  picture.dispose();
  return `${svg}\n`;
}

function axis({ name, type = 'value', min, max, categories }, index, { nameGap }) {
  return {
    gridIndex: index,
    type,
    name,
    nameGap,
    nameLocation: 'middle',
    nameTextStyle: font,
    min,
    max,
    data: categories,
    axisLabel: {
      ...font,
      hideOverlap: true,
      interval: 0,
      formatter: type === 'category' ? undefined : short,
    },
    axisLine: { show: true, lineStyle: { color: '#888' } },
    splitLine: { show: type !== 'category', lineStyle: { color: '#e4e4e4' } },
  };
}

function series({ name, type = 'line', data, dashed = false }, color, index) {
  const sparse = data.length <= 40;
  return {
    name,
    type,
    color,
    data,
    barMaxWidth: 60,
    xAxisIndex: index,
    yAxisIndex: index,
    showSymbol: sparse,
    symbolSize: type === 'scatter' ? 4 : 6,
    lineStyle: { width: sparse ? 2 : 1.3, type: dashed ? 'dashed' : 'solid' },
  };
}

function short(value) {
  if (value === 0) return '0';
  for (const [unit, letter] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ]) {
    if (Math.abs(value) >= unit) return `${Number((value / unit).toPrecision(3))}${letter}`;
  }
  return String(Number(value.toPrecision(3)));
}
