import Foundation
import Notation
import Records

/// Starts the workers of a run as an array of Slurm jobs. It submits, asks whether they are still in the queue, and cancels;
/// all else is between the workers and the run's folder. Accounting (`sacct`) is never asked.
public struct SlurmEngine: Sendable {
  /// What the jobs are to have.
  public struct Wish: Sendable, Hashable {
    /// `--partition`; nil for the default one.
    public var partition: String?
    /// Processors of each worker, which are its threads.
    public var cpus = 1
    /// `--time`, as Slurm writes it: `90`, `4:00:00`, `1-12`. nil for the partition's.
    public var time: String?
    /// Workers at most.
    public var workers = 8
    /// Seconds before the end of its time at which a worker is warned: it stops where it can go on, and queues again.
    public var warning = 120
    /// Seconds after which a worker that finds nothing to do gives its node back.
    public var idle = 60
    /// Further arguments of `sbatch`.
    public var others: [String] = []
    /// Makes a wish.
    public init() {}
  }

  /// Why Slurm did not do what it was asked.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    /// In Slurm's words, where there are any.
    public var description: String
    /// Whether a job may be on its way all the same.
    public var mayBeQueued = false
  }

  /// What a program of Slurm's was told and answered.
  public typealias Tool = @Sendable (_ name: String, _ arguments: [String]) throws -> (status: Int32, output: String)

  private let tool: Tool

  /// An engine that calls Slurm's programs.
  public init(tool: @escaping Tool = SlurmEngine.call) { self.tool = tool }

  /// Where a run's folder names its jobs: an object with `engine`, `jobs`, `workers` and `arguments`.
  private static let note = "job"

  /// The arguments of `sbatch` for workers of a run, without how many they are. `program` is the path of `exp`.
  public func arguments(_ wish: Wish, run folder: String) -> [String] {
    let name = folder.split(separator: "/").last.map(String.init) ?? folder
    var arguments = [
      "--parsable", "--job-name=exp-\(name)", "--requeue", "--signal=B:USR1@\(wish.warning)", "--open-mode=append",
      "--output=\(folder)/live/logs/%a.log", "--ntasks=1",
      "--cpus-per-task=\(wish.cpus)", "--export=ALL",
    ]
    if let partition = wish.partition { arguments.append("--partition=\(partition)") }
    if let time = wish.time { arguments.append("--time=\(time)") }
    return arguments + wish.others
  }

  /// The script that each job runs. `exec` makes the worker the process that Slurm warns.
  public func script(_ wish: Wish, program: String, run folder: String) -> String {
    """
    #!/bin/sh
    # A worker of a run of Exp. `exp cancel` ends them all, `exp status` says what they do.
    exec \(ShellWord.quoted(program)) worker \(ShellWord.quoted(folder)) --threads \(wish.cpus) \\
      --grace \(min(10, wish.warning / 4)) --idle \(wish.idle)

    """
  }

  /// Submits workers for a run whose folder is made; gives the job's number. Throws `Failure` or `FileError`.
  public func submit(_ wish: Wish, run folder: RunFolder, program: String) throws -> String {
    let path = FileAccess.absolute(folder.path)
    try folder.live.make()
    try folder.files.makeFolders(path + "/live/logs")
    try folder.files.leave(
      Array(script(wish, program: program, run: path).utf8), at: SlurmEngine.scriptPath(path))
    let arguments = arguments(wish, run: path)
    let job = try submit(max(1, wish.workers), arguments, run: path)
    try folder.live.write(
      SlurmEngine.note(jobs: [job], workers: wish.workers, arguments: arguments), as: SlurmEngine.note)
    return job
  }

  /// Asks for workers anew, where some have given their nodes back and there is work for so many; gives how many. Throws as
  /// `submit` does.
  @discardableResult public func refill(_ folder: RunFolder, workers wanted: Int) throws -> Int {
    guard let note = folder.live.read(SlurmEngine.note), let most = note["workers"]?.int,
      let arguments = note["arguments"]?.array?.compactMap(\.string)
    else { return 0 }
    let jobs = SlurmEngine.jobs(of: folder)
    guard let queued = queued(jobs) else { return 0 }
    let missing = min(most, wanted) - queued
    guard missing > 0 else { return 0 }
    let job = try submit(missing, arguments, run: FileAccess.absolute(folder.path))
    try folder.live.write(
      SlurmEngine.note(jobs: jobs + [job], workers: most, arguments: arguments), as: SlurmEngine.note)
    return missing
  }

  private static func note(jobs: [String], workers: Int, arguments: [String]) -> JSON {
    [
      "engine": "slurm", "jobs": .array(jobs.map(JSON.string)), "workers": .int(workers),
      "arguments": .array(arguments.map(JSON.string)),
    ]
  }

  private static func scriptPath(_ path: String) -> String { path + "/live/worker.sh" }

  private func submit(_ count: Int, _ arguments: [String], run path: String) throws -> String {
    let answer = try tool("sbatch", ["--array=0-\(count - 1)"] + arguments + [SlurmEngine.scriptPath(path)])
    let said = answer.output.trimmingCharacters(in: .whitespacesAndNewlines)
    guard answer.status == 0 else { throw Failure(description: "sbatch refused: " + said) }
    // A site may have something said beside the number, which may stand before the name of a cluster.
    let lines = answer.output.split(whereSeparator: \.isNewline).map { $0.prefix { $0 != ";" } }
    guard let job = lines.first(where: { !$0.isEmpty && $0.allSatisfy(\.isNumber) }) else {
      throw Failure(description: "sbatch gave no number of a job: " + said, mayBeQueued: true)
    }
    return String(job)
  }

  /// The jobs that work on a run, in order; none where Slurm was not asked to.
  public static func jobs(of folder: RunFolder) -> [String] {
    (folder.live.read(note)?["jobs"]?.array ?? []).compactMap(\.string)
  }

  /// How many workers of some jobs wait or run; nil when the controller does not answer.
  public func queued(_ jobs: [String]) -> Int? {
    jobs.reduce(0) { sum, job in sum.flatMap { all in queued(job).map { all + $0 } } }
  }

  private func queued(_ job: String) -> Int? {
    guard let answer = try? tool("squeue", ["--noheader", "--array", "--format=%i", "--jobs=\(job)"]) else {
      return nil
    }
    // A job that Slurm has forgotten is an error of squeue's, and a controller that is down is another.
    if answer.status != 0 { return answer.output.contains("Invalid job id") ? 0 : nil }
    return answer.output.split(whereSeparator: \.isNewline).filter { $0.first?.isNumber ?? false }.count
  }

  /// Ends all workers of some jobs. Throws `Failure`.
  public func cancel(_ jobs: [String]) throws {
    for job in jobs {
      let answer = try tool("scancel", [job])
      if answer.status != 0, !answer.output.contains("Invalid job id") { throw Failure(description: answer.output) }
    }
  }

  /// Puts the worker that this process is back into the queue, when it is a Slurm job's. Slurm ends the process then.
  public func requeueOwnTask(_ environment: [String: String]) throws {
    guard let job = environment["SLURM_ARRAY_JOB_ID"] ?? environment["SLURM_JOB_ID"] else { return }
    let task = environment["SLURM_ARRAY_TASK_ID"].map { job + "_" + $0 } ?? job
    let answer = try tool("scontrol", ["requeue", task])
    // Slurm may end the job, and with it the program that asked for it, before that one can say that all went well.
    if answer.status != 0, !answer.output.isEmpty { throw Failure(description: answer.output) }
  }

  /// Runs a program that is found along PATH; standard error stands among standard output. Throws `Failure`.
  public static let call: Tool = { name, arguments in
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    do { try process.run() } catch { throw Failure(description: "\(name): \(error.localizedDescription)") }
    let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    if process.terminationStatus == 127 { throw Failure(description: "there is no `\(name)` here") }
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }
}
