/** Gathers what the runs of the scenarios say, one measurement for each figure, and bounds it to what a result file holds. */
import { resultLimits, type KnownMetric, type Measurement, type MeasuredSeries } from '../bench-result.js';
import { summarizeSamples } from '../sample-summary.js';

export interface Figure {
  readonly scenario: string;
  readonly metric: KnownMetric;
  readonly unit: string;
  readonly better?: 'higher' | 'lower';
  readonly value: number | undefined;
  /** Of the same unit as the value. */
  readonly samples?: readonly number[];
  /** The first one that a measurement gets is kept: timelines of several runs cannot be put together. */
  readonly series?: MeasuredSeries | undefined;
}

interface Gathered extends Omit<Figure, 'value' | 'samples' | 'series'> {
  readonly values: number[];
  readonly samples: number[];
  series: MeasuredSeries | undefined;
}

/** Of all runs together; the first ones are as good as any. */
const keptSamples = 200_000;

export class MeasurementCollector {
  readonly #model: string;
  readonly #side: string;
  readonly #gathered = new Map<string, Gathered>();

  constructor(model: string, side: string) {
    this.#model = model;
    this.#side = side;
  }

  /** What was not measured is left out. */
  add({ value, samples = [], series, ...figure }: Figure): void {
    if (value === undefined || !Number.isFinite(value)) return;
    const key = JSON.stringify([figure.scenario, figure.metric]);
    const known = this.#gathered.get(key) ?? { ...figure, values: [], samples: [], series: undefined };
    this.#gathered.set(key, known);
    if (known.values.length < resultLimits.valuesPerMeasurement) known.values.push(value);
    for (const sample of samples.slice(0, keptSamples - known.samples.length)) known.samples.push(sample);
    known.series ??= series;
  }

  measurements(): Measurement[] {
    const all = [...this.#gathered.values()].slice(0, resultLimits.measurements);
    return all.map(({ samples, series, ...figure }) => {
      const summary = summarizeSamples(samples);
      return {
        ...figure,
        model: this.#model,
        side: this.#side,
        ...(summary === undefined ? {} : { samples: summary }),
        ...(series === undefined ? {} : { series }),
      };
    });
  }
}
