/// All native functions of the language. Each area adds its table here.
enum Natives {
  static let all: [NativeFunction] = core + tensors

  /// Lists, strings, numbers, records, tables, files.
  static let core: [NativeFunction] =
    basics + digests + numbers + lists + strings + patterns + records + tables + files + figures
    + planning + folds
}
