import Diagnostics
import Syntax

/// What is wrong with the names of `--set name=value`: every name must be that of an `option` statement of the study.
public func checkSettings(_ tree: SyntaxTree, settings: [String: String]) -> [Diagnostic] {
  var options: [String] = []
  for statement in tree.statements {
    if case .option(let name, _, _, _) = statement.kind { options.append(name.text) }
  }
  return settings.keys.sorted().filter { !options.contains($0) }.map { name in
    ResolutionProblem.unknownSetting(name: name, near: nearNames(name, among: options), options: options)
      .diagnostic(at: .none)
  }
}
