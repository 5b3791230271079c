/** What `inferno doctor` shows. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface Check {
  readonly name: string;
  /** A warning costs speed or comfort; a problem keeps something from working. */
  readonly status: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  readonly remedy?: string;
}

/** All of it, or what one part of Inferno has to say. */
export interface Diagnosis {
  readonly facts: readonly Fact[];
  readonly checks: readonly Check[];
}
