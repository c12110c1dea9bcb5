import Records

/// Figures as pictures and as the files that go with them.
public enum FigureDrawing {
  /// A figure as SVG. As a file of its own (`standalone`) it carries white paper and colours for dark screens;
  /// otherwise it is meant for a page that has `FigureStyle`. The same figure gives the same bytes. Anything may be
  /// in the figure: what cannot be drawn (NaN, not positive on a logarithmic axis) is left out and counted below the
  /// picture.
  public static func svg(_ figure: Figure, standalone: Bool = true) -> String {
    for mark in figure.marks {
      if case .images(let images, let width, let height, let captions) = mark {
        return ImageGrid(figure: figure, images: images, width: width, height: height, captions: captions)
          .svg(standalone: standalone)
      }
    }
    var drawing = AxesDrawing(figure)
    return drawing.svg(standalone: standalone)
  }
}

/// A finite drawing area in pixels, y downward.
struct Frame {
  var left: Double
  var top: Double
  var width: Double
  var height: Double
  var right: Double { left + width }
  var bottom: Double { top + height }
}
