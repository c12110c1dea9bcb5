/// What the commands of formulas stand for.
enum FormulaSymbols {
  enum Alphabet { case bold, blackboard, calligraphic, sans, mono }

  static let letters: [String: String] = [
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "infty": "∞", "ell": "ℓ", "hbar": "ℏ", "Re": "ℜ", "Im": "ℑ", "emptyset": "∅",
    "aleph": "ℵ",
  ]

  static let operators: [String: String] = [
    "cdot": "⋅", "times": "×", "div": "÷", "pm": "±", "mp": "∓", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥",
    "ne": "≠", "neq": "≠", "approx": "≈", "sim": "∼", "simeq": "≃", "equiv": "≡", "propto": "∝", "ll": "≪", "gg": "≫",
    "to": "→", "rightarrow": "→", "leftarrow": "←", "Rightarrow": "⇒", "Leftrightarrow": "⇔", "mapsto": "↦", "in": "∈",
    "notin": "∉", "subset": "⊂", "subseteq": "⊆", "cup": "∪", "cap": "∩", "setminus": "∖", "forall": "∀",
    "exists": "∃", "neg": "¬", "land": "∧", "lor": "∨", "partial": "∂", "nabla": "∇", "sum": "∑", "prod": "∏",
    "int": "∫", "oint": "∮", "circ": "∘", "odot": "⊙", "oplus": "⊕", "otimes": "⊗", "star": "⋆", "dagger": "†",
    "top": "⊤", "bot": "⊥", "perp": "⊥", "parallel": "∥", "mid": "∣", "langle": "⟨", "rangle": "⟩", "lVert": "‖",
    "rVert": "‖", "Vert": "‖", "vert": "|", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "dots": "…",
    "ldots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "colon": ":", "coloneqq": "≔", "ast": "∗", "wedge": "∧",
  ]

  static let functions: Set<String> = [
    "log", "ln", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min", "sup", "inf", "lim", "arg", "det",
    "dim", "ker", "Pr", "argmax", "argmin", "gcd",
  ]

  /// What stands under and over these, not beside them.
  static let limits: Set<String> = ["sum", "prod", "max", "min", "sup", "inf", "lim", "argmax", "argmin"]

  static let accents: [String: String] = [
    "hat": "^", "widehat": "^", "bar": "¯", "overline": "¯", "tilde": "~", "widetilde": "~", "vec": "→", "dot": "˙",
    "ddot": "¨",
  ]

  static let alphabets: [String: Alphabet] = [
    "mathbf": .bold, "boldsymbol": .bold, "bm": .bold, "mathbb": .blackboard, "mathcal": .calligraphic,
    "mathscr": .calligraphic, "mathsf": .sans, "mathtt": .mono,
  ]

  /// A letter of another alphabet (Unicode's mathematical letters); others stay.
  static func styled(_ c: Character, _ alphabet: Alphabet) -> String {
    let holes: [Alphabet: [Character: String]] = [
      .blackboard: ["C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"],
      .calligraphic: [
        "B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ", "e": "ℯ", "g": "ℊ", "o": "ℴ",
      ],
    ]
    if let special = holes[alphabet]?[c] { return special }
    let starts: [Alphabet: (upper: UInt32, lower: UInt32)] = [
      .bold: (0x1D400, 0x1D41A), .blackboard: (0x1D538, 0x1D552), .calligraphic: (0x1D49C, 0x1D4B6),
      .sans: (0x1D5A0, 0x1D5BA), .mono: (0x1D670, 0x1D68A),
    ]
    guard let code = c.asciiValue, c.isLetter, let start = starts[alphabet] else { return String(c) }
    let shifted = c.isUppercase ? start.upper + UInt32(code) - 65 : start.lower + UInt32(code) - 97
    return Unicode.Scalar(shifted).map { String(Character($0)) } ?? String(c)
  }
}
