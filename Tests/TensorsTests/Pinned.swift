/// Values that only a new numerics version may change.
let pinnedDerived: Int64 = 6592093121990346373
let pinnedHash: Int64 = 2540260152535726381

let gzipFixture: [UInt8] = [
  31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 100, 96, 96, 96, 102, 231, 224, 4, 0, 173, 152, 10, 186, 11, 0, 0,
  0,
]

let pinnedUnary64: UInt64 = 0xb2698c6ca459b0f5
let pinnedUnary32: UInt64 = 0x93ff5cef8f7debc9
let pinnedBinary64: UInt64 = 0x2d26d6c96952ed
let pinnedBinary32: UInt64 = 0x421411ae4234168c
let pinnedReductions: UInt64 = 0x4481990a2cd6b055
let pinnedProducts: UInt64 = 0x17d2a2e5b0b7cc42
let pinnedDraws: UInt64 = 0x30ca719904208735
let pinnedFactors: UInt64 = 0xab5aacc7acbebeea
let pinnedOrder: [Int64] = [19, 4, 14, 6, 15, 13, 7, 1, 11, 2, 3, 5, 16, 12, 8, 18, 9, 10, 0, 17]
let pinnedLongOrder: [Int64] = [
  428519, 370248, 953005, 183360, 986768, 586956, 631170, 42866, 681079, 221637,
  637555, 315605, 962164, 516177, 922969, 498451, 298999, 155873, 390587, 906114,
]
