import Records
import Testing

@testable import Reports

@Suite struct PageTests {
  static let void: Set<String> = ["meta", "br", "hr"]

  @Test func golden() {
    let html = ReportPage.html(SampleStudy.study)
    expectGolden(html, "report.html")
    #expect(markupProblem(html, void: PageTests.void) == nil)
    #expect(html.utf8.count < 300_000)
    #expect(!html.contains("<script"))
  }
}
