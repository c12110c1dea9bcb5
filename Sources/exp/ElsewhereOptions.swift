import ArgumentParser
import Foundation
import Studies

/// Where a run's trials are computed, when not in this process.
struct ElsewhereOptions: ParsableArguments {
  /// Who starts the workers.
  enum Place: String, ExpressibleByArgument {
    /// An array of Slurm jobs.
    case slurm
    /// The user, by hand: `exp worker RUN`.
    case shell
  }

  @Option(
    help: ArgumentHelp(
      "Compute elsewhere: slurm submits workers as jobs; shell only makes the run's folder, for `exp worker`.",
      valueName: "slurm|shell"))
  var on: Place?
  @Option(help: "Slurm: the partition.") var partition: String?
  @Option(help: "Slurm: processors of each worker.") var cpus: Int?
  @Option(help: ArgumentHelp("Slurm: time limit of each worker, such as 4:00:00.", valueName: "limit")) var time:
    String?
  @Option(help: "Slurm: workers at most. (default: 8)") var maxWorkers: Int?
  @Option(
    help: ArgumentHelp(
      "Slurm: seconds before the limit at which a worker stops in good order and queues again. (default: 120)",
      valueName: "seconds"))
  var warning: Int?
  @Option(
    help: ArgumentHelp(
      "Slurm: seconds after which a worker that finds nothing to do gives its node back. (default: 60)",
      valueName: "seconds"))
  var idle: Int?
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Slurm: one more argument of sbatch, such as --mem=8G; may be repeated.", valueName: "argument"))
  var sbatch: [String] = []
  @Flag(help: "Slurm: submit and return; `exp attach` watches.") var detach = false

  func validate() throws {
    let slurm: [(String, Bool)] = [
      ("--partition", partition != nil), ("--cpus", cpus != nil), ("--time", time != nil),
      ("--max-workers", maxWorkers != nil), ("--warning", warning != nil), ("--idle", idle != nil),
      ("--sbatch", !sbatch.isEmpty),
      ("--detach", detach),
    ]
    if on != .slurm, let (name, _) = slurm.first(where: \.1) { throw ValidationError("\(name) goes with --on slurm") }
    for (name, value, most) in [
      ("--cpus", cpus, 1024), ("--max-workers", maxWorkers, 10_000), ("--warning", warning, 65_535),
      ("--idle", idle, 1_000_000),
    ] {
      if let value, !(1...most).contains(value) { throw ValidationError("\(name) is a number from 1 to \(most)") }
    }
  }

  var wish: SlurmEngine.Wish {
    var wish = SlurmEngine.Wish()
    wish.partition = partition
    wish.cpus = cpus ?? 1
    wish.time = time
    wish.workers = maxWorkers ?? wish.workers
    wish.warning = warning ?? wish.warning
    wish.idle = idle ?? wish.idle
    wish.others = sbatch
    return wish
  }
}
