import FlyingFox
import FlyingSocks
import Foundation
import Reports

/// Gives the live page over HTTP. Every address begins with a random token; others are refused.
struct LiveServer {
  let hub: LiveHub
  let study: LiveStudy
  let token: String

  /// 128 random bits in hexadecimal.
  static func makeToken() -> String {
    var random = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let word = String(random.next(), radix: 16)
      return String(repeating: "0", count: 16 - word.count) + word
    }.joined()
  }

  func server(host: String, port: UInt16) throws -> HTTPServer {
    let handler = ClosureHTTPHandler { request in await respond(request) }
    if host.contains(":") {
      return HTTPServer(address: try .inet6(ip6: host, port: port), logger: .disabled, handler: handler)
    }
    return HTTPServer(address: try .inet(ip4: host, port: port), logger: .disabled, handler: handler)
  }

  private func respond(_ request: HTTPRequest) async -> HTTPResponse {
    let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 2, Self.isSame(parts[1], token) else {
      return LiveServer.text(.forbidden, "the address needs the token that `exp serve` printed")
    }
    if request.method == .HEAD {
      // The head of the answer to GET; a stream of events has no end to wait for.
      var asked = request
      asked.method = .GET
      if parts.last == "events" { return HTTPResponse(statusCode: .ok, headers: LiveServer.eventHeaders, body: Data()) }
      let whole = await respond(asked)
      var headers = whole.headers
      if let length = try? await whole.bodyData.count { headers[.contentLength] = String(length) }
      return HTTPResponse(statusCode: whole.statusCode, headers: headers, body: Data())
    }
    switch (request.method, parts.dropFirst(2).joined(separator: "/")) {
    case (.GET, ""): return redirected(.movedPermanently)
    case (.GET, "live"): return page()
    case (.GET, "events"): return events(request)
    case (.POST, "set"): return await set(request)
    case (.POST, "stop"):
      study.stop()
      return accepted(request)
    case (.POST, "run"):
      study.start()
      return accepted(request)
    case (.GET, let path): return file(path)
    default: return LiveServer.text(.notFound, "there is nothing here")
    }
  }

  /// Compares all letters whatever the first of them are.
  static func isSame(_ a: String, _ b: String) -> Bool {
    let x = Array(a.utf8), y = Array(b.utf8)
    guard x.count == y.count else { return false }
    return zip(x, y).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static let common: HTTPHeaders = [
    HTTPHeader("Cache-Control"): "no-store", HTTPHeader("X-Content-Type-Options"): "nosniff",
    HTTPHeader("Referrer-Policy"): "no-referrer", HTTPHeader("Content-Security-Policy"): LivePage.policy,
  ]

  private static let eventHeaders: HTTPHeaders = {
    var headers = common
    headers[.contentType] = "text/event-stream"
    return headers
  }()

  private static func text(_ status: HTTPStatusCode, _ text: String) -> HTTPResponse {
    var headers = common
    headers[.contentType] = "text/plain; charset=utf-8"
    return HTTPResponse(statusCode: status, headers: headers, body: Data((text + "\n").utf8))
  }

  private func page() -> HTTPResponse {
    var headers = LiveServer.common
    headers[.contentType] = "text/html; charset=utf-8"
    return HTTPResponse(statusCode: .ok, headers: headers, body: Data(hub.page().utf8))
  }

  private func events(_ request: HTTPRequest) -> HTTPResponse {
    let named = request.headers[HTTPHeader("Last-Event-ID")] ?? request.query.first { $0.name == "after" }?.value
    let stream = hub.events(after: named.flatMap { Int($0) } ?? 0)
    return HTTPResponse(
      statusCode: .ok, headers: LiveServer.eventHeaders, body: HTTPBodySequence(from: EventBytes(stream: stream)))
  }

  /// `name=value` pairs as forms send them.
  private func set(_ request: HTTPRequest) async -> HTTPResponse {
    guard let body = try? await request.bodyData, body.count <= 65_536 else {
      return LiveServer.text(.badRequest, "the request is too large")
    }
    let values = String(decoding: body, as: UTF8.self).split(separator: "&").map {
      pair -> (name: String, value: String) in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
        $0.replacingOccurrences(of: "+", with: " ").removingPercentEncoding ?? String($0)
      }
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
    if let refusal = study.set(values) { return LiveServer.text(.badRequest, refusal) }
    return accepted(request)
  }

  /// A script hears that it was done; a form goes back to the page.
  private func accepted(_ request: HTTPRequest) -> HTTPResponse {
    if request.headers[HTTPHeader("X-Live")] != nil { return HTTPResponse(statusCode: .noContent) }
    return redirected(.seeOther)
  }

  /// The way to the page.
  private func redirected(_ status: HTTPStatusCode) -> HTTPResponse {
    let headers: HTTPHeaders = [.location: "/\(token)/live"]
    return HTTPResponse(statusCode: status, headers: headers, body: Data())
  }

  /// Tables and figures of the latest run.
  private func file(_ path: String) -> HTTPResponse {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let kinds = [".csv": "text/csv", ".gp": "text/plain", ".svg": "image/svg+xml"]
    guard let folder = study.folder, parts.count == 2, parts[0] == "tables" || parts[0] == "figures",
      !parts[1].hasPrefix("."), !parts[1].contains("\0"),
      let kind = kinds.first(where: { parts[1].hasSuffix($0.key) })?.value,
      let data = FileManager.default.contents(atPath: "\(folder)/\(parts[0])/\(parts[1])")
    else { return LiveServer.text(.notFound, "there is nothing here") }
    var headers = LiveServer.common
    headers[.contentType] = kind + "; charset=utf-8"
    return HTTPResponse(statusCode: .ok, headers: headers, body: data)
  }
}

/// A stream of bytes as FlyingFox takes them: each element is sent as soon as it is there.
struct EventBytes: AsyncBufferedSequence {
  typealias Element = UInt8
  let stream: AsyncStream<[UInt8]>

  func makeAsyncIterator() -> Iterator { Iterator(base: stream.makeAsyncIterator()) }

  struct Iterator: AsyncBufferedIteratorProtocol {
    var base: AsyncStream<[UInt8]>.Iterator
    private var held: ArraySlice<UInt8> = []

    init(base: AsyncStream<[UInt8]>.Iterator) { self.base = base }

    mutating func next() async -> UInt8? {
      if held.isEmpty { held = (await base.next() ?? [])[...] }
      return held.popFirst()
    }

    mutating func nextBuffer(suggested count: Int) async -> [UInt8]? {
      if !held.isEmpty {
        defer { held = [] }
        return Array(held)
      }
      return await base.next()
    }
  }
}
