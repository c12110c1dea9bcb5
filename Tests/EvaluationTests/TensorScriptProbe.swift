import Diagnostics
import Foundation
import Testing

@testable import Evaluation

@Test func scriptProbe() throws {
  guard let path = ProcessInfo.processInfo.environment["EXP_SCRIPT"] else { return }
  let text = try String(contentsOfFile: path, encoding: .utf8)
  let (host, d, session) = try runProgram(text)
  for x in d { print(DiagnosticPrinter().full(x)) }
  for x in host.printed { print(x) }
  for x in host.shown { print("=>", plain(x)) }
  print("live", session.liveObjects, "copies", session.copies)
}
