import Foundation
import Records
import Testing

@testable import Studies

/// What Slurm is asked, and what is made of its answers. `Tests/Cluster/slurm_tests` asks a real one.
@Suite struct SlurmEngineTests {
  final class Calls: @unchecked Sendable {
    var all: [[String]] = []
  }

  private func engine(_ calls: Calls, _ status: Int32, _ output: String) -> SlurmEngine {
    SlurmEngine { name, arguments in
      calls.all.append([name] + arguments)
      return (status, output)
    }
  }

  private func folder(_ scratch: Scratch) throws -> RunFolder {
    let folder = try RunFolder.create(in: scratch.path + "/it's here", study: "s", identity: "0123456789")
    try folder.live.make()
    return folder
  }

  @Test func workersAreAnArrayThatIsRequeuedAndWarned() throws {
    let calls = Calls(), scratch = Scratch(), folder = try folder(scratch)
    var wish = SlurmEngine.Wish()
    (wish.partition, wish.cpus, wish.time, wish.workers) = ("short", 4, "2:00:00", 20)
    wish.others = ["--mem=8G"]
    #expect(try engine(calls, 0, "123;cluster\n").submit(wish, run: folder, program: "/opt/exp") == "123")
    let call = try #require(calls.all.first)
    for argument in [
      "--array=0-19", "--requeue", "--signal=B:USR1@120", "--partition=short", "--time=2:00:00", "--cpus-per-task=4",
      "--mem=8G", "--job-name=exp-s-012345",
    ] { #expect(call.contains(argument), "\(argument)") }
    let script = try String(contentsOfFile: try #require(call.last), encoding: .utf8)
    #expect(script.contains("exec /opt/exp worker '") && script.contains("it'\\''s here"))
    #expect(SlurmEngine.jobs(of: folder) == ["123"])
    #expect(script.contains("--idle 60"))
  }

  @Test func nodesThatWereGivenBackAreAskedForAnew() throws {
    let scratch = Scratch(), folder = try folder(scratch)
    var wish = SlurmEngine.Wish()
    wish.workers = 5
    _ = try engine(Calls(), 0, "7").submit(wish, run: folder, program: "exp")
    let calls = Calls()
    let slurm = SlurmEngine { name, arguments in
      calls.all.append([name] + arguments)
      return (0, name == "squeue" ? "7_0\n" : "8\n")
    }
    #expect(try slurm.refill(folder, workers: 1) == 0)
    #expect(calls.all.count == 1)
    #expect(try slurm.refill(folder, workers: 4) == 3)
    let call = try #require(calls.all.last)
    #expect(call.first == "sbatch" && call.contains("--array=0-2") && call.contains("--requeue"))
    #expect(SlurmEngine.jobs(of: folder) == ["7", "8"])
    // Each of both jobs has one in the queue.
    #expect(try slurm.refill(folder, workers: 40) == 3)
    // Where the controller does not answer, nothing is asked for.
    #expect(try engine(Calls(), 1, "Unable to contact").refill(folder, workers: 40) == 0)
  }

  @Test func aRefusalIsPassedOn() throws {
    let scratch = Scratch(), folder = try folder(scratch)
    let error = #expect(throws: SlurmEngine.Failure.self) {
      let slurm = engine(Calls(), 1, "sbatch: error: invalid partition specified: x")
      return try slurm.submit(.init(), run: folder, program: "exp")
    }
    #expect(error?.description.contains("invalid partition") == true)
    #expect(SlurmEngine.jobs(of: folder).isEmpty)
  }

  @Test func aJobIsItsNumberWhateverASiteSaysBeside() throws {
    let scratch = Scratch(), folder = try folder(scratch)
    let slurm = engine(Calls(), 0, "sbatch: info: account 12 set to default\n4711;cluster\n")
    #expect(try slurm.submit(.init(), run: folder, program: "exp") == "4711")
    let error = #expect(throws: SlurmEngine.Failure.self) {
      try engine(Calls(), 0, "submitted").submit(.init(), run: folder, program: "exp")
    }
    #expect(error?.mayBeQueued == true)
  }

  @Test(arguments: [
    (Int32(0), "7_0\n7_1\n", Int?.some(2)), (0, "", 0), (1, "slurm_load_jobs error: Invalid job id specified", 0),
    (1, "slurm_load_jobs error: Unable to contact slurm controller", nil),
  ]) func theQueueIsCounted(_ status: Int32, _ output: String, _ count: Int?) {
    #expect(engine(Calls(), status, output).queued(["7"]) == count)
  }

  @Test func aWorkerQueuesItselfAgainByItsTask() throws {
    let calls = Calls()
    let task = ["SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3", "SLURM_JOB_ID": "9"]
    try engine(calls, 0, "").requeueOwnTask(task)
    try engine(calls, 0, "").requeueOwnTask(["SLURM_JOB_ID": "9"])
    try engine(calls, 0, "").requeueOwnTask([:])
    #expect(calls.all == [["scontrol", "requeue", "7_3"], ["scontrol", "requeue", "9"]])
  }

  @Test func aToolThatIsNotThereIsNamed() {
    let error = #expect(throws: SlurmEngine.Failure.self) { try SlurmEngine.call("no-such-tool-here", []) }
    #expect(error?.description.contains("no-such-tool-here") == true)
  }
}
