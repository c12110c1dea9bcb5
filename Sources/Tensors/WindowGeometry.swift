/// How windows lie along one axis of an image: window t covers the places t · stride − before + i · dilation of the
/// axis, i from 0 to `window` − 1.
public struct WindowAxis: Hashable, Sendable {
  /// Places of a window.
  public var window: Int
  /// From one window to the next.
  public var stride: Int
  /// From one place of a window to the next.
  public var dilation: Int
  /// Places added before the first of the axis.
  public var before: Int
  /// Places added after the last of the axis.
  public var after: Int

  /// Windows one after the other, without padding where nothing else is said.
  public init(window: Int, stride: Int = 1, dilation: Int = 1, before: Int = 0, after: Int = 0) {
    self.window = window
    self.stride = stride
    self.dilation = dilation
    self.before = before
    self.after = after
  }

  /// No number of a window may be larger.
  public static let limit = 1 << 15

  /// Whether all numbers are in range, so that sums and products of them cannot overflow.
  public var isValid: Bool {
    (1...WindowAxis.limit).contains(window) && (1...WindowAxis.limit).contains(stride)
      && (1...WindowAxis.limit).contains(dilation) && (0...WindowAxis.limit).contains(before)
      && (0...WindowAxis.limit).contains(after)
  }

  /// Places from the first to the last of a window.
  public var span: Int { (window - 1) * dilation + 1 }

  /// Windows along an axis of `length` places: 0 where none fits.
  public func count(over length: Int) -> Int {
    let room = length + before + after - span
    return room < 0 ? 0 : room / stride + 1
  }
}

/// Windows over the rows and columns of images.
public struct WindowGeometry: Hashable, Sendable {
  /// Along axis 1 of [batch, rows, columns, channels].
  public var rows: WindowAxis
  /// Along axis 2.
  public var columns: WindowAxis

  /// Windows that lie as given along each axis.
  public init(rows: WindowAxis, columns: WindowAxis) {
    self.rows = rows
    self.columns = columns
  }

  /// Whether all numbers of both axes are in range.
  public var isValid: Bool { rows.isValid && columns.isValid }
}
