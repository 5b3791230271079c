/** Why a schema cannot be kept. */
export interface SchemaFault {
  /** Such as `uniqueItems`. */
  readonly keyword: string;
  /** Where it stands: a JSON pointer, `#` for the schema itself. */
  readonly pointer: string;
}

/** Its alternatives, or what it becomes, would be too many. */
export class SchemaTooComplex extends Error {
  constructor() {
    super('The schema has too many alternatives.');
    this.name = 'SchemaTooComplex';
  }
}
