import Notation
import Records

/// The page of a study that runs now: the cells of a report, controls for its options, and a script that takes what
/// changes. Without the script the page shows the state at the time it was asked for, and its controls work as forms.
public enum LivePage {
  /// An option of the study with the value it has now.
  public struct Option: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// What it is, in the study's words.
    public var documentation: String
    /// Its value.
    public var value: Datum
    /// The value that the study gives it.
    public var initial: Datum
    /// A list of choices, a record with `lower`, `upper` and maybe `open` and `step`, or none.
    public var bounds: Datum
    /// Makes an option.
    public init(name: String, documentation: String, value: Datum, initial: Datum, bounds: Datum) {
      self.name = name
      self.documentation = documentation
      self.value = value
      self.initial = initial
      self.bounds = bounds
    }
  }

  /// A piece of the page with a name of its own.
  public struct Piece: Sendable, Hashable {
    /// Its name.
    public var key: String
    /// Its contents.
    public var html: String
    /// True while it stands from an earlier run.
    public var isOld: Bool
    /// Makes a piece.
    public init(key: String, html: String, isOld: Bool = false) {
      self.key = key
      self.html = html
      self.isOld = isOld
    }
  }

  /// The whole page. `lastEvent` is the number of the last event that it contains.
  public static func html(title: String, status: String, options: String, pieces: [Piece], lastEvent: Int) -> String {
    var out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    out += "<meta name=\"referrer\" content=\"no-referrer\">\n"
    out += "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n"
    out += "<title>\(Markup.escape(ReportPage.plain(title)))</title>\n<style>\n\(PageStyle.css)\(style)</style>\n"
    out += "</head>\n<body data-last=\"\(lastEvent)\">\n<header>\n"
    out += "<h1>\(heading(title))</h1>\n"
    out += "<p class=\"meta\"><span id=\"status\">\(status)</span> <span id=\"link\"></span></p>\n"
    out += "<form id=\"options\" method=\"post\" action=\"set\">\(options)</form>\n"
    out += "<p class=\"buttons\"><button form=\"stop\">Stop</button> <button form=\"run\">Run</button></p>\n"
    out +=
      "<form id=\"stop\" method=\"post\" action=\"stop\"></form><form id=\"run\" method=\"post\" action=\"run\"></form>\n"
    out += "</header>\n<article id=\"cells\">\n"
    for piece in pieces {
      out += "<section id=\"cell-\(Markup.escape(piece.key))\"\(piece.isOld ? " class=\"old\"" : "")>"
      out += "\(piece.html)</section>\n"
    }
    return out + "</article>\n<script>\(LiveScript.text)</script>\n</body>\n</html>\n"
  }

  /// A title with its markup as HTML.
  public static func heading(_ title: String) -> String { Markdown.html(inline: DatumText.clean(title)) }

  /// What a browser may do with the page: run its own script, talk to where it came from, nothing else.
  public static let policy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; form-action 'self'; "
    + "base-uri 'none'; frame-ancestors 'none'; script-src '\(PageScript.hash(LiveScript.text))'"

  /// Controls for options: a slider for a range, a choice for a list, a field otherwise. The slider of floats is a field with the values
  /// that it goes through; the script puts it there.
  public static func controls(_ options: [Option]) -> String {
    guard !options.isEmpty else { return "" }
    let rows = options.map { option -> String in
      let name = Markup.escape(option.name), value = text(option.value)
      let about = option.documentation.isEmpty ? "" : " title=\"\(Markup.escape(option.documentation))\""
      return "<label\(about)><span>\(name)</span>\(control(option, name, value))</label>\n"
    }
    return rows.joined() + "<noscript><button>Set</button></noscript>\n"
  }

  private static func control(_ option: Option, _ name: String, _ value: String) -> String {
    switch option.bounds {
    case .list(let choices):
      let items = choices.map { choice -> String in
        let word = text(choice)
        return
          "<option value=\"\(Markup.escape(word))\"\(word == value ? " selected" : "")>\(Markup.escape(word))</option>"
      }
      return "<select name=\"\(name)\">\(items.joined())</select>"
    case .record(let fields):
      func field(_ name: String) -> Datum? { fields.first { $0.name == name }?.value }
      guard let lower = field("lower")?.number, let upper = field("upper")?.number, lower < upper, upper - lower < 1e15
      else { break }
      let isWhole = [option.initial, field("lower"), field("upper")].allSatisfy {
        if case .int? = $0 { return true } else { return false }
      }
      guard let step = field("step")?.number ?? (isWhole ? 1 : nil), step > 0 else {
        guard
          let values = SliderValues.between(
            lower, upper, isOpen: field("open") != nil, initial: option.initial.number)
        else { break }
        // The label is the slider's, which the script puts before it.
        return "<input type=\"text\" name=\"\(name)\" aria-label=\"\(name)\" value=\"\(Markup.escape(value))\" "
          + "data-values=\"\(values.map { NumberText.shortest($0) }.joined(separator: " "))\">"
      }
      // The last one that is a number of steps away.
      let count = ((upper - lower) / step + 1e-9).rounded(.down), last = lower + count * step
      let isLeftOut = field("open") != nil && last > upper - 1e-9 * step
      let limits = [("min", lower), ("max", isLeftOut ? last - step : last), ("step", step)].map {
        "\($0)=\"\(NumberText.shortest($1))\""
      }
      return
        "<input type=\"range\" name=\"\(name)\" \(limits.joined(separator: " ")) value=\"\(Markup.escape(value))\">"
        + "<output>\(Markup.escape(value))</output>"
    default: break
    }
    if case .bool = option.value {
      let items = ["false", "true"].map { "<option value=\"\($0)\"\($0 == value ? " selected" : "")>\($0)</option>" }
      return "<select name=\"\(name)\">\(items.joined())</select>"
    }
    return "<input type=\"text\" name=\"\(name)\" value=\"\(Markup.escape(value))\">"
  }

  private static func text(_ value: Datum) -> String { DatumText.brief(value, limit: 200, quotes: false) }

  /// The line under the title; `state` is one of `running`, `done`, `stopped`, `failed`. What is done `isGood` where all claims hold and
  /// no trial failed.
  public static func status(state: String, isGood: Bool = true, facts: [String]) -> String {
    let isBad = state == "failed" || state == "stopped" || !isGood
    let mark = "<b class=\"\(isBad ? "no" : "yes")\" data-state=\"\(Markup.escape(state))\">\(Markup.escape(state))</b>"
    return ([mark] + facts.filter { !$0.isEmpty }.map { Markup.escape(DatumText.clean($0)) }).joined(separator: " · ")
  }

  /// A bar: `share` from 0 to 1, and words beside it.
  public static func progress(name: String, share: Double, words: [String]) -> String {
    let value = NumberFormat.fixed(min(max(share.isNaN ? 0 : share, 0), 1), 3)
    let facts = ([name] + words).filter { !$0.isEmpty }.map { Markup.escape(DatumText.clean($0)) }
    return "<p class=\"from\"><progress value=\"\(value)\"></progress> \(facts.joined(separator: " · "))</p>\n"
  }

  private static let style = """
    .old { opacity: .45; } section { transition: opacity .2s; }
    form#options { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: .3rem 2rem; }
    form#options:empty { display: none; }
    label { display: flex; align-items: center; gap: .6rem; font: 14px/1.6 system-ui, sans-serif; }
    label span { min-width: 6rem; color: var(--soft); } label input[type=range] { flex: 1; accent-color: var(--accent); }
    label select, label input[type=text] { flex: 1; min-width: 0; }
    label input[data-values] { flex: none; width: 5.5rem; padding: 0 .4rem; font-variant-numeric: tabular-nums; }
    output { min-width: 3.5rem; font-variant-numeric: tabular-nums; }
    button, select, input[type=text] { font: 14px/1.4 system-ui, sans-serif; color: var(--ink); background: var(--wash);
      border: 1px solid var(--line); border-radius: 5px; padding: .2rem .7rem; }
    .buttons { margin: .8rem 0 1.5rem; } progress { width: 14rem; accent-color: var(--accent); vertical-align: middle; }
    #link { color: var(--bad); }
    @media print { form, .buttons { display: none; } .old { opacity: 1; } }

    """
}
