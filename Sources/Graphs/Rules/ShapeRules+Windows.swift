import Tensors

extension Operands {
  func convolution(_ windows: WindowGeometry, _ groups: Int) throws -> (Shape, ElementType) {
    let (image, filter) = (shapes[0], shapes[1])
    try checkWindows(windows)
    try checkSameType()
    try checkImage(0)
    guard filter.count == 4, filter[0] == windows.rows.window, filter[1] == windows.columns.window else {
      throw error(
        "needs a filter [\(windows.rows.window), \(windows.columns.window), channels, filters], not \(filter)")
    }
    try checkGroups(groups, channels: image[3], filterChannels: filter[2], filters: filter[3])
    let (rows, columns) = try counts(windows, image[1], image[2])
    return (try checked([image[0], rows, columns, filter[3]]), types[0])
  }

  func convolutionInput(
    _ windows: WindowGeometry, _ groups: Int, _ rows: Int, _ columns: Int
  ) throws -> (Shape, ElementType) {
    let (result, filter) = (shapes[0], shapes[1])
    try checkWindows(windows)
    try checkSameType()
    try checkImage(0)
    guard filter.count == 4, filter[0] == windows.rows.window, filter[1] == windows.columns.window else {
      throw error(
        "needs a filter [\(windows.rows.window), \(windows.columns.window), channels, filters], not \(filter)")
    }
    let (channels, overflow) = filter[2].multipliedReportingOverflow(by: groups)
    guard groups >= 1, !overflow else { throw error("cannot have \(groups) groups") }
    try checkGroups(groups, channels: channels, filterChannels: filter[2], filters: result[3])
    guard filter[3] == result[3] else {
      throw error(
        "needs as many filters as the cotangent has channels", help: "\(filter[3]) filters, \(result[3]) channels")
    }
    let shape = try checked([result[0], rows, columns, channels])
    let expected = try counts(windows, rows, columns)
    guard expected == (result[1], result[2]) else {
      throw error(
        "does not fit an image of \(rows) by \(columns): that gives \(expected.0) by \(expected.1), not "
          + "\(result[1]) by \(result[2])")
    }
    return (shape, types[0])
  }

  func convolutionFilter(_ windows: WindowGeometry, _ groups: Int) throws -> (Shape, ElementType) {
    let (image, result) = (shapes[0], shapes[1])
    try checkWindows(windows)
    try checkSameType()
    try checkImage(0)
    try checkImage(1)
    guard groups >= 1, image[3] % groups == 0, result[3] % groups == 0 else {
      throw error("cannot split \(image[3]) and \(result[3]) channels into \(groups) groups")
    }
    let expected = try counts(windows, image[1], image[2])
    guard image[0] == result[0], expected == (result[1], result[2]) else {
      throw error("needs a cotangent of \(image[0]) results of \(expected.0) by \(expected.1)")
    }
    return (
      try checked([windows.rows.window, windows.columns.window, image[3] / groups, result[3]]), types[0]
    )
  }

  func pool(
    _ pooling: Kernels.Pooling, _ windows: WindowGeometry, _ rows: Int, _ columns: Int
  ) throws -> (Shape, ElementType) {
    try checkWindows(windows)
    try checkSameType()
    try checkImage(0)
    let image = shapes[0]
    let whole = try checked([image[0], rows, columns, image[3]])
    let expected = try counts(windows, rows, columns)
    let result = try checked([image[0], expected.0, expected.1, image[3]])
    let (fits, gives): (Bool, Shape) =
      switch pooling {
      case .max, .sum: (image == whole, result)
      case .pick: (image == whole && shapes[1] == whole, result)
      case .place: (image == whole && shapes[1] == result, whole)
      case .spread: (image == result, whole)
      }
    guard fits else { throw error("does not fit windows on images of \(rows) by \(columns)") }
    return (gives, types[0])
  }

  private func checkWindows(_ windows: WindowGeometry) throws {
    for axis in [windows.rows, windows.columns] where !axis.isValid {
      throw error(
        "needs windows, strides and dilations from 1 and paddings from 0, up to \(WindowAxis.limit), not "
          + "\(axis.window), \(axis.stride), \(axis.dilation) and \(axis.before), \(axis.after)")
    }
  }

  private func checkImage(_ operand: Int) throws {
    guard shapes[operand].count == 4 else {
      throw error("needs images [batch, rows, columns, channels], not rank \(shapes[operand].count)")
    }
    guard types[operand].isFloat else { throw error("needs floating-point elements") }
  }

  private func checkGroups(_ groups: Int, channels: Int, filterChannels: Int, filters: Int) throws {
    guard groups >= 1, channels % groups == 0, filters % groups == 0 else {
      throw error("cannot split \(channels) channels and \(filters) filters into \(groups) groups")
    }
    guard filterChannels == channels / groups else {
      throw error(
        "cannot combine images of \(channels) channels with filters over \(filterChannels)",
        help: groups == 1
          ? "the last axis of the image and the filter's axis 2 must agree"
          : "with \(groups) groups the filter's axis 2 should be \(channels / groups)")
    }
  }

  /// Windows down and across; an error where none fits or the image with its padding is too large to handle.
  private func counts(_ windows: WindowGeometry, _ rows: Int, _ columns: Int) throws -> (Int, Int) {
    _ = try checked([rows, columns])
    func count(_ axis: WindowAxis, _ length: Int, _ name: String) throws -> Int {
      guard axis.span <= length + axis.before + axis.after else {
        throw error(
          "has windows of \(axis.span) \(name), more than the image's \(length) and padding "
            + "\(axis.before) + \(axis.after)",
          help: "pad more, or take smaller windows")
      }
      return axis.count(over: length)
    }
    let result = (try count(windows.rows, rows, "rows"), try count(windows.columns, columns, "columns"))
    _ = try checked([
      shapes[0][0], rows + windows.rows.before + windows.rows.after + windows.rows.span,
      columns + windows.columns.before + windows.columns.after + windows.columns.span, shapes[0][3],
    ])
    return result
  }
}
