/// Operations of the machine. `R` is a register, `K` a constant; numbers are operand fields of `Instruction`.
enum Op: UInt8 {
  case nop
}
