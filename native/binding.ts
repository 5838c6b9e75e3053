// The map of the native surface: every function the addon exports, one interface a room, shapes and errors on the line
// they concern. Bindings check shapes and throw TypeError or RangeError at once; failed work rejects with a `code`.

export type NativeBinding = Record<never, never>;
