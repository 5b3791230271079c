type Setter = (view: DataView, at: number, value: number) => void;
type Getter = (view: DataView, at: number) => number;

type NumberType = 'uint8' | 'int8' | 'uint16' | 'int16' | 'uint32' | 'int32' | 'float32' | 'float64';

const accessors: Readonly<Record<NumberType, readonly [Setter, Getter]>> = {
  uint8: [
    (view, at, value) => {
      view.setUint8(at, value);
    },
    (view, at) => view.getUint8(at),
  ],
  int8: [
    (view, at, value) => {
      view.setInt8(at, value);
    },
    (view, at) => view.getInt8(at),
  ],
  uint16: [
    (view, at, value) => {
      view.setUint16(at, value, true);
    },
    (view, at) => view.getUint16(at, true),
  ],
  int16: [
    (view, at, value) => {
      view.setInt16(at, value, true);
    },
    (view, at) => view.getInt16(at, true),
  ],
  uint32: [
    (view, at, value) => {
      view.setUint32(at, value, true);
    },
    (view, at) => view.getUint32(at, true),
  ],
  int32: [
    (view, at, value) => {
      view.setInt32(at, value, true);
    },
    (view, at) => view.getInt32(at, true),
  ],
  float32: [
    (view, at, value) => {
      view.setFloat32(at, value, true);
    },
    (view, at) => view.getFloat32(at, true),
  ],
  float64: [
    (view, at, value) => {
      view.setFloat64(at, value, true);
    },
    (view, at) => view.getFloat64(at, true),
  ],
};

/** How a number is written to and read from a view: little-endian, as all of GGUF. */
export function numberAccessors(type: NumberType): readonly [Setter, Getter] {
  return accessors[type];
}
