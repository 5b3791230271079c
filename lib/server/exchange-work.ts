/** What a request makes the engine do. All methods are idempotent. */
export interface ExchangeWork {
  cancel(): void;
  pause(): void;
  resume(): void;
  /** Called every second or so while it is somebody's. */
  sweep?(now: number): void;
}
