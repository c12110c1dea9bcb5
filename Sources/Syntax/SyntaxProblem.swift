import Diagnostics

/// What can be wrong with a text, as data. The wording stands in `SyntaxProblem+Wording.swift`.
enum SyntaxProblem: Hashable {
  case foreignOperator(String)
  case invalidText
  case nullCharacter
  case unterminatedString
  case unclosedInterpolation
  case unterminatedRawString
  case unterminatedText
  case unknownEscape(String)
  case emptyInterpolation(format: String?)
  case malformedNumber(String)
  case fractionWithoutDigits(String)
  case lettersAfterNumber(number: String, letters: String)
  case wordAfterNumber(number: String, word: String)
  case integerOverflow(String)
  case floatOverflow(String)
  case stringPrefix(String)
  case expected(String, found: String)
  case unclosedBracket(String)
  case strayCloser(String)
  case forgottenComma
  case lineStartsWithOperator(String, isFirst: Bool)
  case foreignComment(String)
  case forgottenParentheses(String, found: String)
  case forgottenSign(String, String)
  case forgottenSeparator(found: String)
  case needsParentheses(String)
  case blockForRecord(BlockPlace)
  case equalsForColon(String, String)
  case numberAsField(String)
  case statementAsExpression(String)
  case assignmentAsValue(String)
  case reservedName(String)
  case nothingAfter(String)
  case assignmentInCondition
  case notAssignable(String)
  case destructuringWithoutLet(parts: [String], isRecord: Bool)
  case functionWithoutFn(String)
  case bindingWithoutValue(String, found: String)
  case mutableLet(String)
  case dottedCall(String)
  case coordinateWithoutIn(String, found: String)
  case typeAnnotation
  case returnType
  case arrowAfterFn
  case namedFunctionAsExpression(String)
  case duplicateParameter(String)
  case restNotLast
  case positionalAfterNamed
  case colonBlock
  case wordBlock(String)
  case elseIf(String)
  case strayElse(String, isFirst: Bool)
  case foreignCatch(String)
  case missingCatch
  case trailingIf
  case parenthesizedFor
  case tuple
  case barePattern(String, inLoop: Bool)
  case severalAssigned([String])
  case emptyParentheses
  case bareComprehension
  case recordComprehension
  case setComprehension(String)
  case optionalIndex
  case mixedComprehension
  case openRange
  case colonSlice
  case colonRange
  case chainedRange
  case emptyIndex
  case indexAfterDot(String)
  case increment(String)
  case unaryPlus
  case strayColon
  case recordInBlock(String)
  case strayArrow
  case sweepOrder(String)
  case parenthesizedSweep
  case plainString(String)
  case versionNotFirst
  case unknownVersion(String)
  case foreignStatement(String, String)
  case foreignForm(ForeignForm)
  case tooDeep
  case tooTall
}

/// Where a block stands that can only be a record.
enum BlockPlace {
  /// Behind `x ->`.
  case afterArrow
  /// Behind the `=` of `fn f(x) = …`.
  case functionBody
  case elsewhere
}
