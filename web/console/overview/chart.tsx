/**
 * Lines over days, drawn with uPlot, which the browser loads with this file. The picture is for the eye: the page has the
 * same numbers in a table.
 */
import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';

export interface ChartLine {
  readonly label: string;
  readonly values: readonly number[];
  /** The variable of the theme with its colour, such as `--accent`. */
  readonly colour: string;
}

export interface ChartProps {
  /** What the picture shows, for those who do not see it. */
  readonly label: string;
  /** What the days are called in the legend. */
  readonly dayLabel: string;
  /** `YYYY-MM-DD`, one for each value. */
  readonly days: readonly string[];
  readonly lines: readonly ChartLine[];
  readonly formatDay: (day: string) => string;
  readonly formatNumber: (value: number) => string;
}

const height = 220;

export function Chart({ label, dayLabel, days, lines, formatDay, formatNumber }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme('light');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours of the theme are read anew with the scheme.
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const style = getComputedStyle(element);
    const colourOf = (variable: string): string => style.getPropertyValue(variable).trim();
    const axis = {
      stroke: colourOf('--dim'),
      grid: { stroke: colourOf('--line'), width: 1 },
      ticks: { stroke: colourOf('--line'), width: 1 },
      font: `11px ${style.fontFamily}`,
    };
    const dayAt = (at: number): string => formatDay(days[Math.round(at)] ?? '');
    const plot = new UPlot(
      {
        width: element.clientWidth,
        height,
        cursor: { y: false },
        scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] } },
        axes: [
          {
            ...axis,
            space: 90,
            values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? dayAt(at) : '')),
          },
          {
            ...axis,
            size: 56,
            values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? formatNumber(at) : '')),
          },
        ],
        // Without a pointer the legend has the last day.
        series: [
          { label: dayLabel, value: (_, at) => dayAt(at ?? days.length - 1) },
          ...lines.map(({ label: name, colour, values }) => ({
            label: name,
            stroke: colourOf(colour),
            width: 2,
            points: { show: days.length <= 14 },
            value: (_: UPlot, value: number | null) => formatNumber(value ?? values.at(-1) ?? 0),
          })),
        ],
      },
      [days.map((_, at) => at), ...lines.map(({ values }) => [...values])],
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [dayLabel, days, lines, formatDay, formatNumber, scheme]);
  return <div ref={box} className="chart" role="img" aria-label={label} />;
}
