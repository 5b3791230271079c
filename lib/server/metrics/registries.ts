import { Registry } from 'prom-client';
import type { Counter, Metric, OpenMetricsContentType } from 'prom-client';

/**
 * The same metrics twice: as Prometheus's own text, and as OpenMetrics with exemplars. prom-client renames a counter for good
 * when an OpenMetrics registry prints it (`x_total` becomes `x`), so that one gets a stand-in.
 */
export class Registries {
  readonly plain = new Registry();
  readonly open: Registry<OpenMetricsContentType> = new Registry<OpenMetricsContentType>();

  constructor() {
    this.open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  }

  /** `fullName` ends with `_total`. */
  addCounter<Label extends string>(fullName: string, counter: Counter<Label>): void {
    this.plain.registerMetric(counter);
    const name = fullName.replace(/_total$/u, '');
    const standIn = {
      name,
      type: 'counter',
      get: async () => ({ ...(await counter.get()), name }),
      reset: () => undefined,
    };
    this.open.registerMetric(standIn as unknown as Metric);
  }

  /** Anything but a counter. */
  add<Label extends string>(metric: Metric<Label>): void {
    this.plain.registerMetric(metric);
    this.open.registerMetric(metric);
  }
}
