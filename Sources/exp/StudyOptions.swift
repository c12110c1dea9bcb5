import ArgumentParser
import Evaluation
import Foundation
import Records
import Studies
import Tensors

/// What every command that runs a study's cells can be told about them.
struct StudyOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Give an option of the study a value; may be repeated.", valueName: "name=value"))
  var settings: [String] = []
  @Option(
    parsing: .unconditional, help: "The root seed, instead of the study's own.",
    transform: NumberArgument.within(.min ... .max))
  var seed: Int?
  @Option(
    help: ArgumentHelp("Folder with data files; may be repeated. (default: $EXP_DATA, then data/)", valueName: "dir"))
  var data: [String] = []

  /// Complains about settings that cannot be meant.
  func validate() throws {
    var seen: [String: String] = [:]
    for setting in settings {
      guard setting.dropFirst().contains("=") else {
        throw ValidationError("--set takes name=value, such as --set noise=0.4, and was given '\(setting)'")
      }
      let (name, value) = Self.split(setting)
      if let other = seen[name] {
        throw ValidationError(
          "--set gives \(name) twice: "
            + (other == value ? "\(value) both times" : "\(other) and \(value)"))
      }
      seen[name] = value
    }
    try Self.checkFolders(data)
  }

  /// Complains about data folders that are not there: a name may be misspelt, and then nothing would be found in it.
  static func checkFolders(_ folders: [String]) throws {
    for folder in folders {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue { continue }
      throw ValidationError("--data names a folder, and there is none at '\(folder)'")
    }
  }

  /// Names and values of `--set`.
  var values: [String: String] { Dictionary(settings.map(Self.split), uniquingKeysWith: { $1 }) }

  /// A run of the study at a path with these options, without a record; a path that is empty has no folder beside it.
  func runOptions(ofStudyAt path: String, threads: Int = 1) -> RunOptions {
    RunOptions(
      settings: values, seed: seed, threads: threads, dataFolders: FileAccess.dataFolders(data, ofStudyAt: path),
      machine: HostMachine.kernels, numericsVersion: String(numericsVersion))
  }

  private static func split(_ setting: String) -> (String, String) {
    guard let equals = setting.firstIndex(of: "=") else { return (setting, "") }
    return (
      setting[..<equals].trimmingCharacters(in: .whitespaces), String(setting[setting.index(after: equals)...])
    )
  }
}

/// `--threads`.
struct ThreadOptions: ParsableArguments {
  @Option(
    help: "Worker threads; the numbers do not depend on it. (default: all cores)",
    transform: NumberArgument.within(1...1024))
  var threads: Int?

  /// How many threads: as asked for, or one for each core.
  var count: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }
}

extension RunOptions {
  /// A recorded run once more: options and seed as they were, and what it may read and write. Data are looked for in `data` first.
  static func again(_ record: RunRecord, threads: Int, data: [String] = []) -> RunOptions {
    let surroundings = record.surroundings
    let study = record.studyPath
    // As the run had it: a step up leads out of where a link leads to.
    let ownFolder = NSString(string: study).deletingLastPathComponent.isEmpty ? "" : ImportedFile.folder(of: study)
    var options = RunOptions(
      seed: record.seed, threads: threads, dataFolders: data + surroundings.data,
      readable: surroundings.readable + (ownFolder.isEmpty ? [] : [ownFolder]), writable: surroundings.writable,
      machine: HostMachine.kernels, numericsVersion: String(Tensors.numericsVersion),
      reusesRecords: surroundings.reusesRecords)
    options.values = record.options
    options.studyFolder = ownFolder.isEmpty ? nil : ownFolder
    options.checksNaN = surroundings.checksNaN
    options.maxMemory = surroundings.maxMemory
    return options
  }

  /// The same run with a record below a folder, and in it what made it.
  func recorded(below folder: String) -> RunOptions {
    var options = self
    options.runsFolder = folder
    options.arguments = CommandLine.arguments
    options.versions = HostMachine.versions
    options.host = HostMachine.description
    options.environment = HostMachine.environment
    options.leaseSeconds = LeaseLength.seconds
    return options
  }
}

extension RunRecord {
  /// Where the study stood; records of format 1 have it in the command line only.
  var studyPath: String {
    surroundings.study.isEmpty ? arguments.first { $0.hasSuffix(".exp") } ?? "" : surroundings.study
  }
}
