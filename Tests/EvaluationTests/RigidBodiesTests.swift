import Diagnostics
import Testing

@testable import Evaluation

@Suite(.enabled(if: RigidBodies.libraryVersion != nil, "Box2D was not there when this was built"))
struct RigidBodiesTests {
  /// What a program's last cell gives, with so many threads.
  private func value(_ program: String, threads: Int) throws -> String {
    try onLargeStack {
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: threads)
      let outcome = session.runCell(SourceStore.shared.add(name: "bodies", text: program))
      guard case .value(let value) = outcome else {
        Issue.record("\(outcome)")
        return ""
      }
      return plain(value)
    }
  }

  @Test func walksHaveTheSameBitsOnAnyNumberOfThreadsTwice() throws {
    let program = """
      let nets = [mutate(minimal_network(24, 4, enabled: 0.3, key: i), key: i) for i in 1..4]
      let w = biped(steps: 80)
      digest(returns(nets, w, [-2, -1, 0.5, 1], w.start(3, 1)))
      """
    try expectTheSameBits(program)
  }

  @Test func racesHaveTheSameBitsOnAnyNumberOfThreadsTwice() throws {
    let program = """
      let nets = [mutate(minimal_network(4, 3, enabled: 0.7, key: i), key: i) for i in 1..3]
      let see = s -> [mean(race_view(s)[.., .., .., part, 1], axes: -1) for part in [8, 24, 40, 56]]
      let w = racer(steps: 30, observations: 4, see: see, pedals: a -> [a[0], 0.5 + a[1], 0 * a[2]])
      digest(returns(nets, w, [-1, 1], w.start(2, 1)))
      """
    try expectTheSameBits(program)
  }

  private func expectTheSameBits(_ program: String) throws {
    let alone = try value(program, threads: 1)
    #expect(!alone.isEmpty)
    for threads in [1, 4, 4] { #expect(try value(program, threads: threads) == alone) }
  }
}
