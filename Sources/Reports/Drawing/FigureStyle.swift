/// Style sheets that give figures their colours on light and dark paper. Colours are CSS variables (`--x-0` … for
/// series, `--x-ink`, `--x-soft`, `--x-axis`, `--x-grid`, `--x-paper`), so a page may set its own.
enum FigureStyle {
  /// Rules for a page that holds figures; the page has the variables from `variables`.
  static let rules: String = {
    var out = ""
    for (name, entry) in names {
      out += ".x-figure .xs-\(name){stroke:var(--x-\(name),\(entry.light))}"
      out += ".x-figure .xf-\(name){fill:var(--x-\(name),\(entry.light))}"
      out += ".x-figure .xt-\(name){fill:var(--x-\(name)-text,\(entry.text))}\n"
    }
    out += ".x-figure .x-halo{stroke:var(--x-paper,#fff)}\n"
    out += "@media print,(prefers-reduced-motion:reduce){.x-figure .x-moving{display:none}"
    out += ".x-figure .x-still{display:inline}}\n"
    return out
  }()

  /// `--x-…` for light paper.
  static let light = names.map { "--x-\($0):\($1.light);--x-\($0)-text:\($1.text);" }.joined()

  /// `--x-…` for dark paper.
  static let dark = names.map { "--x-\($0):\($1.dark);--x-\($0)-text:\($1.dark);" }.joined()

  /// For a file of its own: plain colours stand on the elements, these change them on dark screens.
  static let standalone = rules + "@media screen and (prefers-color-scheme:dark){:root{\(dark)}}\n"

  private static let names: [(String, Palette.Entry)] =
    Palette.series.enumerated().map { (String($0), $1) } + [
      ("ink", Palette.ink), ("soft", Palette.soft), ("axis", Palette.axis), ("grid", Palette.grid),
      ("paper", Palette.paper), ("bad", Palette.bad),
    ]
}
