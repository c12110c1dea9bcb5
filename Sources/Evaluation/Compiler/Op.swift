/// Operations of the machine. `A`, `B`, `C` are registers unless said otherwise, `K` a constant, `J` the jump in B
/// and C, `j` the one in C. Bits of `x`: 1 the first operand is dead afterwards (may be taken apart), 2 the second
/// one is, others as listed.
enum Op: UInt8 {
  case nop
  /// Ends a nested run of the machine.
  case halt
  /// The script's line J begins; emitted while a profiler looks
  case mark
  /// A = the line that is running
  case markSave
  /// the line A goes on
  case markRestore

  // Loads and moves
  /// A = K[B]
  case loadConstant
  /// A = integer J
  case loadInteger
  case loadNone, loadTrue, loadFalse
  /// A = B
  case copy
  /// A = B, B becomes none
  case move
  /// A becomes none
  case drop
  /// A = captures[B]
  case getCapture
  /// A = the current value of the captured state B
  case getState
  /// the captured state B = A (moved)
  case setState
  /// A = library name of cache C
  case getPrelude
  /// A = the function being executed
  case getSelf
  /// A = closure of recipe B
  case makeClosure
  /// A = set of definitions of recipe B
  case makeOverload

  // Arithmetic
  case add, subtract, multiply, divide, floorDivide, remainder, power, matmul, join
  /// A = B op K[C]; x bit 8, of `addK` and `multiplyK`: the operands were swapped in the source
  case addK, subtractK, multiplyK, divideK, floorDivideK, remainderK, powerK
  /// A = K[C] op B
  case subtractFromK, divideIntoK
  case negate, not

  // Comparison to a value; x bit 8: operands were swapped in the source
  case equal, notEqual, less, lessEqual
  /// A = B op C, op and tolerance register in the next word (a: operator, b: register + 1 or 0)
  case compareOther
  /// A = B and C, for chains
  case both

  // Jumps; fused comparisons jump when the outcome is x bit 4, `jumpIfNone` and its opposite drop A with x bit 1
  case jump, loop, jumpIf, jumpIfNot, jumpIfNone, jumpIfNotNone, jumpIfSet
  case jumpEqual, jumpLess, jumpLessEqual
  case jumpEqualK, jumpLessK, jumpLessEqualK, jumpGreaterK, jumpGreaterEqualK
  /// A = B, which must be a condition
  case asCondition

  // Strings
  /// A = texts of B ..< B + C joined
  case concatenate
  /// A = A as text by the format K[B]
  case format

  // Collections
  /// A = list of B ..< B + C
  case newList
  /// list A gets element B
  case listAppend
  /// list A gets the elements of B
  case listExtend
  /// A ++= [B ..< B + C]
  case joinElements
  /// A = record of key list C with values from B on
  case newRecord
  /// record A gets field named by string B, value C
  case recordSet
  /// record A gets the fields of B
  case recordExtend
  /// A = range of B, B + 1, and step B + 2 when x bit 8; x bit 4: inclusive
  case newRange
  /// A = B[C]
  case getIndex
  /// A = B[c], c a whole number
  case getIndexK
  /// A = B[…]: indexes in the registers behind B, index list C
  case getIndexes
  /// A[B] = C
  case setIndex
  /// A.path = value: operands from B on, path C
  case assignPath
  /// A = B.(cache C)
  case getField
  /// A = B.(cache C) and go on, or skip the next instruction when there is no such field
  case tryField
  /// A becomes its field (cache C) and go on when that can be called; otherwise skip the next instruction
  case tryMethod
  /// A, which is called by method B of the prototype on what stands behind it, must be a function
  case checkMethod
  /// A.(cache C) = B
  case setField

  // Patterns
  /// A must be a list of B elements (at least, with x bit 4)
  case checkList
  /// A = B[C] of a checked list
  case element
  /// A = the elements of B from C on
  case restOf

  // Loops
  /// A becomes what is iterated over, A + 1 the position; with x bit 8 a list of as many elements must fit
  case iterate
  /// next element of A into B and jump back by j, or go on
  case next
  /// A, A + 1 hold the ends of a range of whole numbers (x bit 4 inclusive); A + 1 becomes how many are left; x bit 8 as above
  case rangePrepare
  case rangeNext

  // Calls
  /// C = call of A with the B values behind it
  case call
  /// C = call of the function in register B, or of the captured one B, with the x values behind A
  case callLocal, callCapture
  /// C = call of the running function with the B values behind A
  case callSelf
  /// C = call of A with argument layout B
  case callShaped
  /// returns A; B registers may be in use
  case returnValue
  case returnNone

  // Statements
  /// A = what the slot of a `param` holds for A
  case makeParam
  case makeState
  /// remembers value A under the name K[B] for the claim being evaluated
  case note
  case show
  /// fails unless condition A
  case expectTrue
  /// fails unless A op B, op and tolerance in the next word
  case expectCompare
  /// fails unless calling A fails
  case expectFails
  /// A = sweep described by C with operands from B on
  case sweep
  /// raises the error of text K[B]
  case raise

  // Two in one, see `Machine+Pairs.swift`: only in loaded code
  case multiplyThen, getFieldThen, getIndexThen, getIndexKThen
  case getIndexTwice, getIndexField
}
