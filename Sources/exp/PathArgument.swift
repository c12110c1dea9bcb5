import ArgumentParser

/// A path on a command line.
enum PathArgument {
  /// The path, which must not be empty: as the beginning of another path it would mean the root of the disk.
  @Sendable static func named(_ path: String) throws -> String {
    guard !path.isEmpty else { throw ValidationError("a path is wanted, not an empty text") }
    return path
  }
}
