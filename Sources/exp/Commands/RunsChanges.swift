import ArgumentParser
import Foundation
import Records
import Studies

extension RunsCommand {
  /// `exp runs tag RUN TAG…`
  struct Tag: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "tag", abstract: "Give a run tags, or take them away; tagged runs are kept.")
    @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
    @Argument(help: "Tags: words of letters, digits, _, - and dots.") var tags: [String]
    @Flag(name: .customLong("remove"), help: "Take the tags away.") var takesAway = false
    @OptionGroup var place: RunsPlace

    func validate() throws {
      if let word = tags.first(where: { !RunFolder.isTag($0) }) {
        throw ValidationError("a tag is a word of letters, digits, _, - and dots, not '\(word)'")
      }
    }

    func run() throws {
      let folder = try RunLookup.folder(name, below: place.out)
      let before = Set(folder.tags())
      let after = takesAway ? before.subtracting(tags) : before.union(tags)
      do { try folder.setTags(after) } catch { throw RunLookup.failure("\(error)") }
      let words = after.isEmpty ? "no tags" : after.sorted().map { "#" + $0 }.joined(separator: " ")
      Terminal.output.line("\(folder.name)  \(words)")
    }
  }

  /// `exp runs rm RUN…`
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove runs for good.")
    @Argument(help: ArgumentHelp("Folders of runs, or their names below runs/.", valueName: "run")) var names: [String]
    @Flag(help: "Also runs that are tagged or have not ended.") var force = false
    @OptionGroup var place: RunsPlace

    func run() throws {
      let folders = try names.map { try RunLookup.folder($0, below: place.out, isToGo: true) }
      if !force {
        for folder in folders {
          if let tag = folder.tags().first {
            throw RunLookup.failure("\(folder.name) is tagged #\(tag); --force removes it all the same")
          }
          if !RunLife(folder).waitForVerdict().living.isEmpty {
            throw RunLookup.failure("\(folder.name) has not ended; --force removes it all the same")
          }
        }
      }
      for folder in folders {
        do { try RunCollection.remove(folder) } catch { throw RunLookup.failure("\(error)") }
        Terminal.output.line("removed \(folder.name)")
      }
    }
  }

  /// `exp runs gc`
  struct Collect: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gc", abstract: "Clear away old runs.",
      discussion: """
        Kept are the newest runs of each study, tagged ones, those that did not come to their end, with which --resume can go on, \
        and those from which a run that is kept took trials. `exp runs rm` removes any. Without --yes nothing is removed and only said what would be.
        """)
    @Option(help: "How many runs of each study are kept, the newest.") var keep = 10
    @Flag(help: "Remove them.") var yes = false
    @OptionGroup var place: RunsPlace

    func validate() throws {
      if keep < 0 { throw ValidationError("--keep is at least 0") }
    }

    func run() throws {
      let list = try place.list()
      let kept = RunCollection(list).kept(newest: keep)
      let output = Terminal.output
      var bytes = 0, count = 0
      for entry in list.entries where kept[entry.folder.name] == nil {
        bytes += RunCollection.bytes(entry.folder)
        count += 1
        if yes { do { try RunCollection.remove(entry.folder) } catch { throw RunLookup.failure("\(error)") } }
        output.line("\(yes ? "removed" : "would remove") \(entry.folder.name)  \(RunsPlace.line(entry))")
      }
      if yes { RunCollection.removeLeftovers(place.out) }
      for entry in list.entries {
        guard let reason = kept[entry.folder.name], reason != .new else { continue }
        output.line("kept \(entry.folder.name): \(reason)")
      }
      let size = bytes < 1_000_000 ? "\((bytes + 999) / 1000) kB" : String(format: "%.1f MB", Double(bytes) * 1e-6)
      let words = "\(Phrase.count(count, "run")), \(size)"
      output.line(yes ? "removed \(words)" : count == 0 ? "nothing to remove" : "\(words) could go; --yes removes them")
    }
  }
}
