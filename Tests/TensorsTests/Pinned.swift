/// Values that only a new numerics version may change.
let pinnedDerived: Int64 = 6592093121990346373
let pinnedHash: Int64 = 2540260152535726381

let gzipFixture: [UInt8] = [
  31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 100, 96, 96, 96, 102, 231, 224, 4, 0, 173, 152, 10, 186, 11, 0, 0,
  0,
]
