import Notation
import Records

/// The one script of a report: a click on a column's name sorts a table. Without it nothing is missing.
enum PageScript {
  static let text = sorting + "\ndocument.querySelectorAll(\"table.sortable\").forEach(sortable)"

  /// Gives a table's columns what sorts them.
  static let sorting = """
    const sortable = t => {
      const body = t.tBodies[0], heads = [...t.tHead.rows[0].cells]
      heads.forEach((head, i) => {
        const isText = head.classList.contains("text")
        const number = cell => Number(cell.dataset.v ?? (isText ? NaN : cell.textContent.replace(/\\u202f/g, "") || NaN))
        head.tabIndex = 0
        const sort = () => {
          const down = head.getAttribute("aria-sort") === "ascending"
          heads.forEach(h => h.removeAttribute("aria-sort"))
          head.setAttribute("aria-sort", down ? "descending" : "ascending")
          const text = r => r.cells[i].textContent.trim()
          const rows = [...body.rows].sort((a, b) => {
            const x = number(a.cells[i]), y = number(b.cells[i])
            const order = isNaN(x) || isNaN(y)
              ? isNaN(x) - isNaN(y) || text(a).localeCompare(text(b)) : x === y ? 0 : x - y
            return isNaN(x) !== isNaN(y) ? order : down ? -order : order
          })
          body.append(...rows)
        }
        head.addEventListener("click", sort)
        head.addEventListener("keydown", e => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); sort() } })
      })
    }
    """

  /// What a cell carries for the script to sort by: a number whose shown text stands for another one, or for none. Numbers in a column
  /// of texts (shown as "") always do.
  static func key(_ number: Double, shownAs text: String) -> String? {
    let shown = text.replacing("\u{202F}", with: "")
    let isPlain = shown.utf8.allSatisfy { (48...57).contains($0) || [43, 45, 46, 101].contains($0) }
    if number.isNaN || (isPlain && Double(shown) == number) { return nil }
    return number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : NumberText.shortest(number)
  }

  /// How the page's policy names the script.
  static let hash = hash(text)

  /// The name of any script in a policy.
  static func hash(_ script: String) -> String {
    let hex = Array(SHA256.hex(script).utf8)
    func nibble(_ c: UInt8) -> UInt8 { c >= 97 ? c - 87 : c - 48 }
    let bytes = stride(from: 0, to: hex.count, by: 2).map { nibble(hex[$0]) << 4 | nibble(hex[$0 + 1]) }
    return "sha256-" + Markup.base64(bytes)
  }
}
