import ArgumentParser
import Evaluation
import Foundation
import Records
import Studies
import Tensors

/// A recorded study, run once more as it stands in its run's folder: text, options and seed from there, nothing from records.
struct RunReplay {
  /// The run's folder.
  let folder: RunFolder
  /// What its `run.json` says.
  let record: RunRecord
  /// `--data`
  let data: [String]

  /// Runs it with a run folder below `scratch`; with `sample`, all trials but so many of each sweep come from the record. Throws an exit
  /// status after saying why it cannot.
  func execute(in scratch: String, threads: Int, sample: Int? = nil) throws -> RunSummary {
    let path = folder.path + "/" + RunFolder.studyPath(record.study)
    guard let file = SourceLoader.load(path) else { throw ExitCode(RunStatus.scriptWrong.rawValue) }
    let data = FileAccess.dataFolders(data, ofStudyAt: record.studyPath)
    var options = RunOptions.again(record, threads: threads, data: data).recorded(below: scratch)
    options.reusesRecords = false
    options.sample = sample.map { (folder.path, $0) }
    let run = StudyRun(source: file, options: options, listener: SilentListener())
    guard let summary = StudyExecution(run: run, file: file, keepsUnfinished: false).execute() else {
      throw ExitCode(RunStatus.scriptWrong.rawValue)
    }
    return summary
  }

  /// Runs it and notes what its folds hold after every step. Throws as `execute` does.
  func trace(threads: Int, elementsAt place: FoldTrace.Place? = nil) throws -> FoldTrace {
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("exp-replay-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let trace = FoldTrace(elementsAt: place)
    FoldTrace.current = trace
    defer { FoldTrace.current = nil }
    let summary = try execute(in: scratch, threads: threads)
    if summary.status == .interrupted { throw ExitCode(RunStatus.interrupted.rawValue) }
    return trace
  }
}
