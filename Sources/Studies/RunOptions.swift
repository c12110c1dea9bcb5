import Records

/// What the user asked for when starting a study.
public struct RunOptions: Sendable {
  /// `--set name=value`, as typed.
  public var settings: [String: String]
  /// `--seed`.
  public var seed: Int?
  /// Worker threads of a sweep, at least 1.
  public var threads: Int
  /// Processes of this machine that share the trials, for the header.
  public var workers = 1
  /// Folders of data, searched in order.
  public var dataFolders: [String]
  /// Folder in which run folders are made; nil keeps no record.
  public var runsFolder: String?
  /// Further paths a script may read or write below.
  public var readable: [String]
  /// Further paths a script may write (and read) below.
  public var writable: [String]
  /// Whether the command takes such paths, for what errors advise.
  public var takesPaths = true
  /// One line about the machine for the header, such as `avx512`.
  public var machine: String
  /// The command line, for the record.
  public var arguments: [String]
  /// `exp`, `numerics` and what else has a version, for the record.
  public var versions: [Datum.Field]
  /// What the machine is, for the record.
  public var host: [Datum.Field]
  /// Version under which the numbers are the same; enters the run's identity.
  public var numericsVersion: String
  /// Whether trials that earlier runs computed are taken from their records.
  public var reusesRecords: Bool
  /// Switches of the process's environment, for the record.
  public var environment: [Datum.Field] = []
  /// The git tree that the study stands in, for the record.
  public var git: GitTree?
  /// Values of options that are known as they are, such as those of a recorded run; `settings` come second.
  public var values: [Datum.Field] = []
  /// Values of options as typed that are taken where the study has such an option and they fit it; `settings` come first.
  public var wishes: [String: String] = [:]
  /// Where a study stood that runs from its copy in a run's folder: imports from outside of its folder are looked for from there.
  public var studyFolder: String?
  /// Takes the record of this run folder for all trials but a random few of each sweep.
  public var sample: (folder: String, trials: Int)?

  /// A folder that the run goes on in; nil makes a new one.
  public var place: RunPlace?
  /// How long a lease holds, in seconds.
  public var leaseSeconds = RunParticipant.leaseSeconds
  /// Whether the first operation that makes a NaN is an error; other processes that work on the run do the same.
  public var checksNaN = false
  /// Most bytes for tensors and values in each process; nil for half of the machine's memory.
  public var maxMemory: Int?
  /// Seconds after which this process, when others lead and it finds nothing to do, leaves the run; nil to stay.
  public var idleSeconds: Double?
  /// Asked by the process that leads, when a sweep has work for so many workers.
  public var callsWorkers: (@Sendable (RunFolder, _ workers: Int) -> Void)?
  /// When this process is told to stop, the run goes on without it.
  public var leavesQuietly = false
  /// Only the run's folder is made, as planned; then the study stops.
  public var isPlanOnly = false

  /// Makes options; everything has the default of an unadorned `exp run`.
  public init(
    settings: [String: String] = [:], seed: Int? = nil, threads: Int = 1, dataFolders: [String] = ["data"],
    runsFolder: String? = nil, readable: [String] = [], writable: [String] = [], machine: String = "",
    arguments: [String] = [], versions: [Datum.Field] = [], host: [Datum.Field] = [], numericsVersion: String = "",
    reusesRecords: Bool = true
  ) {
    self.settings = settings
    self.seed = seed
    self.threads = max(1, threads)
    self.dataFolders = dataFolders
    self.runsFolder = runsFolder
    self.readable = readable
    self.writable = writable
    self.machine = machine
    self.arguments = arguments
    self.versions = versions
    self.host = host
    self.numericsVersion = numericsVersion
    self.reusesRecords = reusesRecords
  }
}
