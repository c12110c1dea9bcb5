import Foundation
import Notation
import Testing

@testable import Records

/// One run of the same study in every format that there was: each must still open.
@Suite struct SampleFolderTests {
  static let samples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Samples")

  @Test(arguments: 1...RunRecord.format) func opens(_ format: Int) throws {
    let path = Self.samples.appendingPathComponent("format-\(format)").path
    let folder = try #require(RunFolder.open(path), "a sample of each format is kept for good")
    #expect(try folder.checkManifest() == [])
    let written = try JSON.read(DiskFileSystem.shared.read(path + "/run.json"))
    #expect(written["format"]?.int == format)

    let run = try #require(folder.readRun())
    #expect(run.study == "sample" && run.state == .done && run.seed == 3)
    #expect(run.options == [Datum.Field("scale", .float(2))])
    #expect(run.counts == RunRecord.Counts(total: 8, done: 7, failed: 1))
    #expect(run.claims.map(\.holds) == [true, false] && !run.claims[1].error.isEmpty)

    let study = try #require(folder.readStudy())
    #expect(!study.title.isEmpty && study.run.id == run.id)
    #expect(study.items.contains { if case .coverage(let part) = $0 { part.failures.count == 1 } else { false } })

    let records = TrialStore.records(of: "runs", in: path).filter { $0["index"] != nil }
    #expect(Set(records.compactMap { $0["index"]?.int }) == Set(0..<8))
    for record in records {
      guard let file = record["tensors"]?.string else { continue }
      #expect(SHA256.hex(try DiskFileSystem.shared.read(path + "/" + file)) == record["sha256"]?.string)
    }
    #expect(records.filter { $0["tensors"] != nil }.count == 2)

    let table = try CSV.read(String(decoding: DiskFileSystem.shared.read(path + "/tables/runs.csv"), as: UTF8.self))
    #expect(table.rowCount == 8 && table.column("worst")?.first == .float(.infinity))
  }
}
