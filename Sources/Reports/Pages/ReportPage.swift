import Notation
import Records

/// The page `report.html`: one file, no scripts, light and dark, fit for printing.
public enum ReportPage {
  /// A study as HTML. All text of the study is escaped; links go to the web, to mail, or to files beside the page only.
  /// Figures that are drawn already, by the stems of their files, are not drawn again.
  public static func html(_ study: StudyRecord, drawn: [String: DrawnFigure] = [:]) -> String {
    var page = PageWriter(study: study, drawn: drawn)
    return page.write()
  }

  /// The title that prose gives a study: its first heading, with its markup; nil where it has none.
  public static func title(ofProse text: String) -> String? { Markdown(DatumText.clean(text)).heading }

  /// A title without its markup, as the browser's tab shows it.
  public static func plain(_ title: String) -> String { Markdown.plain(MarkdownInlines.read(DatumText.clean(title))) }

  /// One thing of a report as it stands on the page. Prose that begins with the page's title leaves it out.
  public static func fragment(_ item: StudyRecord.Item, title: String? = nil) -> String {
    let run = RunRecord(id: "", study: "")
    var page = PageWriter(study: StudyRecord(title: title ?? "", run: run))
    return page.fragment(item, hasTitle: title != nil)
  }
}

/// A figure as a page shows it, out of the files that it was drawn into.
public struct DrawnFigure: Sendable {
  fileprivate let svg: String
  /// Nil where they are too large to go with the page.
  fileprivate let data: String?, gnuplot: String?

  /// A figure of these files, of which the picture was drawn to stand alone.
  public init(svg: String, csv: String, gnuplot: String) {
    func small(_ contents: String) -> String? { PageWriter.size(contents) <= PageWriter.mostDataOfOne ? contents : nil }
    self.svg = SVGCanvas.onPage(svg)
    data = small(csv)
    self.gnuplot = small(gnuplot)
  }

  fileprivate init(_ figure: Figure, stem: String) {
    let file = stem.split(separator: "/").last.map { $0 + ".csv" } ?? "data.csv"
    svg = FigureDrawing.svg(figure, standalone: false)
    data = stem.isEmpty ? nil : CSV.write(FigureDrawing.data(figure))
    gnuplot = stem.isEmpty ? nil : FigureDrawing.gnuplot(figure, dataFile: file)
  }
}

private struct PageWriter {
  let study: StudyRecord
  let drawn: [String: DrawnFigure]
  var out = ""
  /// Letters of data that the page may still carry itself; what is more stands in the files beside it.
  private var room = PageWriter.mostData
  /// Rows of a table before rows in the middle are left out.
  static let maxRows = 40
  /// Letters of data in all links together, and in one.
  static let mostData = 120_000, mostDataOfOne = 40_000

  init(study: StudyRecord, drawn: [String: DrawnFigure] = [:]) {
    self.study = study
    self.drawn = drawn
  }

  private func escape(_ text: String) -> String { Markup.escape(DatumText.clean(text)) }

  mutating func write() -> String {
    out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    // Nothing but this page's own style and script can run, whatever a study's texts say.
    out += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    out += "img-src data:; script-src '\(PageScript.hash)'\">\n"
    out += "<title>\(Markup.escape(ReportPage.plain(study.title)))</title>\n"
    out += "<style>\n\(PageStyle.css)</style>\n</head>\n<body>\n"
    writeHeader()
    out += "<article>\n"
    let items = PageWriter.flowing(study.items)
    var isFirstProse = true
    var i = 0
    while i < items.count {
      if case .claim = items[i] {
        i = writeClaims(items, from: i)
        continue
      }
      if case .prose(let text) = items[i] {
        writeProse(text, isFirst: isFirstProse)
        isFirstProse = false
      } else {
        write(items[i])
      }
      i += 1
    }
    out += "</article>\n"
    writeFooter()
    out += "<script>\(PageScript.text)</script>\n"
    out += "</body>\n</html>\n"
    return out
  }

  /// Items in the order of the page: sources stand in the footer, and code that nothing comes between in one piece.
  private static func flowing(_ items: [StudyRecord.Item]) -> [StudyRecord.Item] {
    var flow: [StudyRecord.Item] = []
    for item in items {
      switch item {
      case .citation: continue
      case .code(let spans): StudyRecord.add(spans, to: &flow)
      default: flow.append(item)
      }
    }
    return flow
  }

  private mutating func writeHeader() {
    let run = study.run
    var parts: [String] = []
    if run.state != .done { parts.append("<b class=\"no\">\(PageWriter.words(run.state))</b>") }
    if !run.claims.isEmpty {
      let held = run.claims.filter(\.holds).count
      let isGood = held == run.claims.count
      let verb = run.claims.count == 1 ? "claim holds" : "claims hold"
      parts.append("<b class=\"\(isGood ? "yes" : "no")\">\(held) of \(run.claims.count) \(verb)</b>")
    }
    parts += PageWriter.counts(run.counts).map(escape)
    parts.append("seed \(run.seed)")
    parts += run.options.map { escape("\($0.name) \(DatumText.brief($0.value, limit: 40, quotes: false))") }
    if run.seconds > 0 { parts.append(escape(NumberFormat.duration(run.seconds))) }
    if run.started.count >= 10 { parts.append(escape(String(run.started.prefix(10)))) }
    out += "<header>\n<h1>\(Markdown.html(inline: DatumText.clean(study.title)))</h1>\n"
    let facts = parts.map { $0.hasPrefix("<") ? $0 : PageWriter.whole($0) }
    out += "<p class=\"meta\">\(facts.joined(separator: " · "))</p>\n</header>\n"
  }

  /// A short fact, which is not torn apart at the end of a line.
  private static func whole(_ fact: String) -> String {
    fact.count > 34 ? fact : fact.replacing(" ", with: "\u{a0}")
  }

  private static func words(_ state: RunRecord.State) -> String {
    switch state {
    case .running: return "still running"
    case .done: return "done"
    case .failed: return "failed"
    case .interrupted, .planned, .cancelled, .lost: return state.rawValue
    }
  }

  private static func counts(_ counts: RunRecord.Counts) -> [String] {
    guard counts.total > 0 else { return [] }
    var parts = ["\(counts.done) of \(counts.total) trials"]
    if counts.reused > 0 { parts.append("\(counts.reused) from the record") }
    if counts.failed > 0 { parts.append("\(counts.failed) failed") }
    if counts.diverged > 0 { parts.append("\(counts.diverged) diverged") }
    if counts.interrupted > 0 { parts.append("\(counts.interrupted) interrupted") }
    return parts
  }

  /// Prose; a heading that says the page's title again is left out.
  private mutating func writeProse(_ text: String, isFirst: Bool) {
    var prose = Markdown(DatumText.clean(text))
    if isFirst, case .heading(_, let inlines)? = prose.blocks.first,
      Markdown.plain(inlines) == Markdown.plain(MarkdownInlines.read(study.title))
    {
      prose.blocks.removeFirst()
    }
    out += prose.html()
  }

  mutating func fragment(_ item: StudyRecord.Item, hasTitle: Bool) -> String {
    switch item {
    case .prose(let text): writeProse(text, isFirst: hasTitle)
    case .claim: _ = writeClaims([item], from: 0)
    case .citation(let text): return "<p class=\"from\">After \(Markdown.html(inline: DatumText.clean(text))).</p>\n"
    default: write(item)
    }
    return out
  }

  private mutating func write(_ item: StudyRecord.Item) {
    switch item {
    case .prose, .claim: break
    case .code(let spans): out += "<pre class=\"code\">\(spans.map(code).joined())</pre>\n"
    case .value(let name, let value): writeValue(name, value)
    case .table(let name, let table, let file): writeTable(name, table, file)
    case .figure(let figure, let stem): writeFigure(figure, stem)
    case .printed(let text): out += "<pre class=\"print\">\(escape(text))</pre>\n"
    case .citation: break
    case .error(let text): out += "<pre class=\"error\">\(escape(text))</pre>\n"
    case .coverage(let coverage): writeCoverage(coverage)
    case .series(let table, let file): writeSeries(table, file)
    }
  }

  private func code(_ span: StudyRecord.CodeSpan) -> String {
    let text = escape(span.text)
    switch span.kind {
    case .plain: return text
    case .keyword: return "<span class=\"k\">\(text)</span>"
    case .number: return "<span class=\"n\">\(text)</span>"
    case .string: return "<span class=\"s\">\(text)</span>"
    case .comment: return "<span class=\"c\">\(text)</span>"
    case .function: return "<span class=\"f\">\(text)</span>"
    }
  }

  private mutating func writeValue(_ name: String?, _ value: Datum) {
    switch value {
    case .table(let table): writeTable(name ?? "", table, "")
    case .figure(let figure): writeFigure(figure, "")
    default:
      let text = TerminalText(width: 96).value(DatumText.recorded(value), name: name)
      out += "<pre class=\"value\">\(escape(text))</pre>\n"
    }
  }

  private mutating func writeTable(_ name: String, _ table: Table, _ file: String) {
    let layout = TableLayout(table, maxRows: PageWriter.maxRows, groupsDigits: true)
    let isWhole = layout.rows.allSatisfy { $0 != nil } && layout.rows.count > 2
    func cell(_ tag: String, _ column: TableLayout.Column, _ text: String, number: Double? = nil) -> String {
      let isLong = !column.isRight && text.count > 34 && tag == "td"
      let kind = column.isRight ? "" : " class=\"text\(isLong ? " long" : "")\""
      // An unseen tail keeps means without an error under the others.
      let tail = tag == "td" && column.hasError && !text.contains("±") ? column.cells.first { $0.contains("±") } : nil
      let pad = tail.map { "<span class=\"pad\"> \(escape(String($0.drop { $0 != "±" })))</span>" }
      let key =
        isWhole ? number.flatMap { PageScript.key($0, shownAs: column.isRight && !column.hasError ? text : "") } : nil
      return "<\(tag)\(kind)\(key.map { " data-v=\"\($0)\"" } ?? "")>\(escape(text))\(pad ?? "")</\(tag)>"
    }
    // What is wider than a sheet of paper is printed small.
    let letters = layout.columns.reduce(0) { $0 + 2 + ($1.cells + [$1.name]).reduce(0) { max($0, min($1.count, 34)) } }
    let kinds = (isWhole ? ["sortable"] : []) + (letters > 90 ? ["wide"] : [])
    let classes = kinds.isEmpty ? "" : " class=\"\(kinds.joined(separator: " "))\""
    out += "<div class=\"scroll\"><table\(classes)>\n<thead><tr>"
    out += "\(layout.columns.map { cell("th", $0, $0.name) }.joined())</tr></thead>\n<tbody>\n"
    for (i, row) in layout.rows.enumerated() {
      if row == nil {
        out += "<tr>\(layout.columns.map { "<td class=\"gap\(($0.isRight ? "" : " text"))\">⋮</td>" }.joined())</tr>\n"
      } else {
        out +=
          "<tr>\(layout.columns.map { cell("td", $0, $0.cells[i], number: i < $0.numbers.count ? $0.numbers[i] : nil) }.joined())</tr>\n"
      }
    }
    out += "</tbody></table></div>\n"
    var notes = [table.rowCount == 1 ? "1 row" : "\(NumberFormat.grouped(table.rowCount)) rows"]
    let shown = layout.rows.filter { $0 != nil }.count
    if shown < table.rowCount { notes.append("\(shown) shown") }
    if layout.columns.contains(where: \.hasError) { notes.append("mean ± standard error") }
    if let coverage = table.coverage { notes.append(coverage) }
    var parts = notes.map(escape)
    if !file.isEmpty, MarkdownInlines.isSafe(file) { parts.append(link(file, file, CSV.write(table))) }
    out += "<p class=\"from\">\(parts.joined(separator: " · "))</p>\n"
  }

  private mutating func writeSeries(_ table: Table, _ file: String) {
    var parts = [escape(SeriesText.words(table))]
    if !file.isEmpty, MarkdownInlines.isSafe(file) { parts.append(link(file, file, CSV.write(table))) }
    out += "<p class=\"from\">\(parts.joined(separator: " · "))</p>\n"
  }

  private mutating func writeFigure(_ figure: Figure, _ stem: String) {
    let drawn = self.drawn[stem] ?? DrawnFigure(figure, stem: stem)
    out += "<figure>\n" + drawn.svg
    var caption = figure.caption.isEmpty ? "" : Markdown.html(inline: DatumText.clean(figure.caption))
    if !stem.isEmpty, MarkdownInlines.isSafe(stem) {
      var links = [link(stem + ".csv", "data", drawn.data)]
      links.append(link(stem + ".gp", "gnuplot", drawn.gnuplot))
      links.append("<a href=\"\(Markup.escape(stem)).svg\">svg</a>")
      caption += (caption.isEmpty ? "" : " ") + links.joined(separator: " · ")
    }
    if !caption.isEmpty { out += "<figcaption>\(caption)</figcaption>" }
    out += "</figure>\n"
  }

  /// A link to a file of the run: its contents go with the page where they are small, so that the page alone is whole.
  private mutating func link(_ file: String, _ word: String, _ contents: String?) -> String {
    let size = contents.map(PageWriter.size) ?? .max
    guard let contents, size <= PageWriter.mostDataOfOne, size <= room else {
      return "<a href=\"\(Markup.escape(file))\">\(escape(word))</a>"
    }
    room -= size
    let name = file.split(separator: "/").last.map(String.init) ?? file
    let data = Markup.base64(Array(contents.utf8))
    return "<a download=\"\(Markup.escape(name))\" href=\"data:text/plain;base64,\(data)\">\(escape(word))</a>"
  }

  /// Letters that contents take in a link.
  static func size(_ contents: String) -> Int { contents.utf8.count * 4 / 3 }

  private mutating func writeClaims(_ items: [StudyRecord.Item], from start: Int) -> Int {
    out += "<ul class=\"claims\">\n"
    var i = start
    while i < items.count, case .claim(let claim) = items[i] {
      let numbers =
        claim.error.isEmpty ? ClaimText.facts(claim).map(PageWriter.whole).joined(separator: ", ") : claim.error
      out += "<li class=\"\(claim.holds ? "yes" : "no")\"><span class=\"sign\">\(claim.holds ? "✓" : "✗")</span>"
      out +=
        "<span>\(Markdown.html(inline: DatumText.clean(claim.text)))</span><span class=\"numbers\">\(escape(numbers))</span></li>\n"
      i += 1
    }
    out += "</ul>\n"
    return i
  }

  private mutating func writeCoverage(_ coverage: StudyRecord.Coverage) {
    let counts = coverage.counts
    var parts = PageWriter.counts(counts)
    if parts.isEmpty { parts = ["no trials"] }
    out += "<p class=\"from\">\(escape(coverage.name)): \(parts.map(escape).joined(separator: " · "))</p>\n"
    guard !coverage.failures.isEmpty else { return }
    let shown = coverage.failures.prefix(20).map { DatumText.line($0) }
    var text = shown.joined(separator: "\n")
    if coverage.failures.count > 20 { text += "\n… \(coverage.failures.count - 20) more" }
    out += "<pre class=\"error\">\(escape(text))</pre>\n"
  }

  private mutating func writeFooter() {
    let run = study.run
    out += "<footer>\n"
    let sources = study.items.compactMap { item -> String? in
      if case .citation(let text) = item { return text }
      return nil
    }
    if sources.count == 1 {
      out += "<p>After \(Markdown.html(inline: DatumText.clean(sources[0]))).</p>\n"
    } else if !sources.isEmpty {
      out += "<p>After</p>\n<ul>\n"
      for source in sources { out += "<li>\(Markdown.html(inline: DatumText.clean(source)))</li>\n" }
      out += "</ul>\n"
    }
    var facts = ["Run <code>\(escape(run.id))</code>"]
    facts += (run.versions + run.host).map { field in
      let value = DatumText.brief(field.value, limit: 80, quotes: false)
      let isHash = value.count == 64 && value.allSatisfy(\.isHexDigit)
      return "\(escape(field.name)) \(isHash ? "<code>\(value.prefix(12))…</code>" : escape(value))"
    }
    if !run.identity.isEmpty {
      facts.append("text, options and seed <code>\(escape(String(run.identity.prefix(12))))…</code>")
    }
    out += "<p>\(facts.joined(separator: " · "))</p>\n"
    let settings = run.options.map {
      " --set \($0.name)=\(ShellWord.quoted(DatumText.brief($0.value, limit: 200, quotes: false)))"
    }.joined()
    let study = ShellWord.quoted(run.study + ".exp")
    out += "<p>Repeat it: <code>exp run \(escape(study)) --seed \(run.seed)\(escape(settings))</code>, "
    out += "or bit for bit in the folder of its runs: <code>exp verify \(escape(run.id))</code>. "
    out += "Check the files: <code>sha256sum -c manifest.sha256</code></p>\n</footer>\n"
  }
}

/// What is said of a series that is not drawn.
enum SeriesText {
  /// `series of loss, accuracy: 21 rows`
  static func words(_ table: Table) -> String {
    let names = table.columnNames.filter { $0 != "step" }.joined(separator: ", ")
    let rows = table.rowCount == 1 ? "1 row" : "\(NumberFormat.grouped(table.rowCount)) rows"
    return "series\(names.isEmpty ? "" : " of \(names)"): \(rows)"
  }
}

/// The words behind a claim.
enum ClaimText {
  /// `peak 56, threshold 48`: what was compared, in its order; values without a name stand alone.
  /// Records, tables and the like are left out where numbers can speak.
  static func numbers(_ claim: RunRecord.Claim) -> String { facts(claim).joined(separator: ", ") }

  /// The same, one by one.
  static func facts(_ claim: RunRecord.Claim) -> [String] {
    let plain = claim.numbers.filter { isPlain($0.value) }
    return (plain.isEmpty ? claim.numbers : plain).map { field in
      let value: String
      switch field.value {
      case .float(let x): value = NumberFormat.short(x)
      case .int(let i): value = String(i)
      default: value = DatumText.brief(field.value, limit: 40, quotes: false)
      }
      return field.name.isEmpty || field.name == value ? value : "\(field.name) \(value)"
    }
  }

  private static func isPlain(_ value: Datum) -> Bool {
    switch value {
    case .int, .float, .bool, .string, .none: return true
    case .tensor(let tensor): return tensor.shape.isEmpty
    default: return false
    }
  }
}
