/** `format`: regular expressions of texts that every validator takes, fewer than all. Sources: the RFCs that JSON schema names. */
const day = '(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31';
const date = `(19|20)[0-9]{2}-(${day})`;
const clock = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?';
const zone = '(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])';
const label = '[a-z0-9]([a-z0-9]{0,20}|[a-z0-9]{1,8}-[a-z0-9]{1,8})';
const hostname = `${label}(\\.${label}){0,4}`;
const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4 = `${octet}(\\.${octet}){3}`;
const hex = '[0-9a-f]{1,4}';
const email = `[a-z0-9]{1,20}([._+-][a-z0-9]{1,20}){0,2}@${label}(\\.[a-z0-9]{2,10}){1,2}`;
const path = '(/[A-Za-z0-9_.~-]{1,40}){0,8}/?';
const uri = `(https?|ftp)://${hostname}(:[1-9][0-9]{1,3})?${path}(\\?[a-z0-9_]{1,20}=[A-Za-z0-9_.~-]{0,40})?(#[A-Za-z0-9_-]{1,20})?`;
const pointer = '(/[A-Za-z0-9_. -]{0,40}){0,8}';

const sources: Readonly<Record<string, string>> = {
  date,
  time: `${clock}${zone}`,
  'date-time': `(${date})T${clock}${zone}`,
  duration:
    'P([1-9][0-9]{0,3}W|[1-9][0-9]{0,3}Y|[1-9][0-9]{0,3}M|[1-9][0-9]{0,3}D|([1-9][0-9]{0,3}D)?T([1-9][0-9]?H|[1-9][0-9]?M|[1-9][0-9]?S|[1-9][0-9]?H[1-9][0-9]?M))',
  email,
  'idn-email': email,
  hostname,
  'idn-hostname': hostname,
  ipv4,
  ipv6: `${hex}(:${hex}){7}`,
  uri,
  'uri-reference': `(${uri}|${path})`,
  iri: uri,
  'iri-reference': `(${uri}|${path})`,
  'uri-template': uri,
  uuid: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
  'json-pointer': pointer,
  'relative-json-pointer': `(0|[1-9][0-9]{0,2})(#|${pointer})`,
  regex: '[a-z0-9]{1,40}[*+?]?',
};

/** Undefined for formats that validators do not know, which say nothing. */
export function formatSource(format: string): string | undefined {
  return Object.hasOwn(sources, format) ? `^(${sources[format] ?? ''})$` : undefined;
}
