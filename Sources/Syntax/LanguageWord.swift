/// What a word of the language does, for whoever asks about it as about a function.
public struct LanguageWord: Sendable {
  /// The words that one form has, such as `if` and `else`.
  public let words: [String]
  /// The form as one would write it.
  public let form: String
  /// What it does, in a sentence or two.
  public let meaning: String
  /// The section of `docs/language.md` that says all of it.
  public let section: String

  private init(_ words: String, _ section: String, _ form: String, _ meaning: String) {
    self.words = words.split(separator: " ").map(String.init)
    self.section = section
    self.form = form
    self.meaning = meaning
  }

  /// Every reserved word, and every word that is one only where its form begins.
  public static let all: [LanguageWord] = [
    LanguageWord(
      "let var", "Values", "let x = 3",
      "Binds a name; `var x = 3` binds one that `x = 4` may bind anew."),
    LanguageWord("fn", "Functions", "fn double(x) = 2 * x", "Defines a function; of several statements, in braces."),
    LanguageWord("return", "Functions", "fn f(x) { return x }", "Leaves the function with a value, or with none."),
    LanguageWord(
      "if else", "Statements", "if x > 0 { 1 } else { 2 }", "Chooses; the block that is taken gives the value."),
    LanguageWord(
      "for in", "Statements", "for x in xs { print(x) }",
      "Goes through a list, a range, a string, a tensor by its first axis, a table by its rows, or a record as "
        + "`{ key, value }`. `x in xs` elsewhere asks whether xs holds x."),
    LanguageWord("while", "Statements", "while n < 9 { n += 1 }", "Repeats the block as long as the condition holds."),
    LanguageWord(
      "break continue", "Statements", "for x in xs { if x < 0 { break } }",
      "`break` leaves the innermost loop, `continue` goes on with its next round."),
    LanguageWord(
      "try catch", "Statements", "try { [1][5] } catch e { e.message }",
      "Gives the second block's value where the first fails."
    ),
    LanguageWord("and or not", "Operators", "a > 0 and not (b or c)", "Conditions; only booleans are conditions."),
    LanguageWord("true false none", "Values", "[true, false, none]", "The two booleans, and the value of nothing."),
    LanguageWord("by", "Operators", "0..10 by 2", "The step of a range."),
    LanguageWord("within", "Operators", "a ≈ b within 1e-3", "The absolute tolerance of `≈`."),
    LanguageWord(
      "param", "Models and gradients", "param w = normal(3, 4)",
      "Binds a weight of the model that the function around it returns: training changes it."),
    LanguageWord(
      "state", "Models and gradients", "state mean = zeros(3)",
      "Binds what a model remembers from call to call without learning it."),
    LanguageWord(
      "option", "Studies", "option noise = 0.2 in 0.0..1.0 \"spread of the data\"",
      "A knob of the study: `exp run s.exp --set noise=0.5`."),
    LanguageWord("seed", "Randomness", "seed 7", "Sets the root of all draws; `--seed` overrides it."),
    LanguageWord(
      "sweep zip where paired", "Studies",
      "sweep width in [16, 64], rep in 1..5 paired by rep { { loss: width * rep } }",
      "A table with a row for each choice of the coordinates. `zip` takes them side by side, `where` leaves out, "
        + "`paired by` lets only the named ones enter the draws."),
    LanguageWord(
      "claim", "Studies", "claim \"wider is better\" { a < b }",
      "States what the study should show: evaluated, printed with its numbers, and put in the report."),
    LanguageWord("cite", "Studies", "cite \"Robbins & Monro 1951\"", "Names a source, for the report."),
    LanguageWord("show", "Studies", "show x", "Puts a value in the notebook and the report."),
    LanguageWord(
      "use as", "Statements", "use \"./helpers.exp\" as h",
      "Brings in a file of your own under a name; its members follow a dot."),
    LanguageWord(
      "test expect fails", "Statements", "test \"sums\" { expect 1 + 1 == 2; expect fails { fail(\"no\") } }",
      "What `exp test` checks, beside the code that it is about."),
  ]

  /// The form of a word that is an ordinary name elsewhere and begins a statement of its own; nil for other names.
  public static func beginningStatement(_ word: String) -> LanguageWord? {
    ["param", "state", "option", "seed", "claim", "cite", "use", "test"].contains(word) ? named(word) : nil
  }

  /// The form that a word belongs to; nil for what is no word of the language.
  public static func named(_ word: String) -> LanguageWord? { all.first { $0.words.contains(word) } }
}
