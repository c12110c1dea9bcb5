import Diagnostics
extension DiagnosticText { static func explain(_ id: String) -> String? { DiagnosticCatalogue.explanation(id) } }
