// Steps per second of whole training steps run by plans, one thread: the workloads of docs/benchmarks. Usage:
//   training-benchmark [w1|w2|eager] [--hidden N --batch N --steps N] [--describe]
import Graphs
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

func option(_ name: String, _ standard: Int) -> Int {
  let arguments = CommandLine.arguments
  guard let place = arguments.firstIndex(of: "--" + name), place + 1 < arguments.count else { return standard }
  return Int(arguments[place + 1]) ?? standard
}

let threads = option("threads", 1)

func now() -> Double {
  var time = timespec()
  // Alone on one thread, the time of the processor: other programs' work does not count.
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func measureStep(_ network: Network, steps: Int, threads: Int, describe: Bool) throws {
  let plan = try network.plan()
  if describe { print(plan.description) }
  var state = try network.start()
  var best = Double.infinity
  var loss = 0.0
  for block in 0..<4 {
    let count = block == 0 ? max(steps / 10, 1) : steps
    let from = now()
    for step in 0..<count { loss = try network.step(plan, &state, step, threads: threads) }
    if block > 0 { best = min(best, (now() - from) / Double(count)) }
  }
  let gflops = network.operations / best * 1e-9
  let figures = "\(Int(1 / best)) steps/s, \((best * 1e7).rounded() / 10) us, \((gflops * 10).rounded() / 10) GFLOP/s"
  print("\(network.name): \(figures), loss \(loss), kernels \(Kernels.variant), \(plan.counters)")
}

func doubleDescent(steps: Int, seeds: Int, threads: Int) throws {
  let widths = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256]
  let from = now()
  for width in widths {
    let network = Network(inputs: 50, hidden: width, classes: 10, batch: 100, rows: 1000, learningRate: 0.05)
    let start = now()
    for _ in 0..<seeds {
      let plan = try network.plan()
      var state = try network.start()
      for step in 0..<steps { _ = try network.step(plan, &state, step, threads: threads) }
    }
    let each = (now() - start) / Double(steps * seeds)
    print("  width \(width): \((each * 1e7).rounded() / 10) us per step")
  }
  let seconds = now() - from
  let rate = Double(widths.count * seeds * steps) / seconds
  print("w2 double descent: \((seconds * 100).rounded() / 100) s, \(Int(rate)) trial steps/s")
}

switch CommandLine.arguments.dropFirst().first ?? "all" {
case "w1":
  let network = Network(
    inputs: option("inputs", 784), hidden: option("hidden", 128), classes: 10, batch: option("batch", 128),
    rows: 10_000,
    learningRate: 0.02)
  try measureStep(
    network, steps: option("steps", 1000), threads: threads, describe: CommandLine.arguments.contains("--describe"))
case "eager": try eagerOverhead()
case "w2": try doubleDescent(steps: option("steps", 2000), seeds: option("seeds", 3), threads: threads)
default:
  for (hidden, batch, steps) in [(128, 128, 1000), (32, 32, 5000), (1024, 512, 50)] {
    let network = Network(
      inputs: 784, hidden: hidden, classes: 10, batch: batch, rows: 10_000, learningRate: 0.02)
    try measureStep(network, steps: steps, threads: threads, describe: false)
  }
  try doubleDescent(steps: 2000, seeds: 1, threads: threads)
}
