import Testing
import Foundation
import Diagnostics
@Test func scriptProbe() throws {
  guard let path = ProcessInfo.processInfo.environment["EXP_SCRIPT"] else { return }
  let text = try String(contentsOfFile: path, encoding: .utf8)
  let (d, host, live) = try runTensorScript(text)
  for x in d { print(DiagnosticPrinter().full(x)) }
  for x in host.printed { print(x) }
  for x in host.shown { print("=>", x) }
  print("live", live)
}
