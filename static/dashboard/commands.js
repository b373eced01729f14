// The table of what an agent can do: to add a command, add a line.

/** @import {Command} from "./keys.js" */
/** @import {Row} from "./protocol.js" */

/** @typedef {"take" | "release" | "resolve" | "snooze" | "edit-labels" | "follow" | "merge" | "mode-note" | "attach" | "emoji" | "in-voice" | "assist"} Button by its id */

const PRIORITIES = /** @type {const} */ (["low", "medium", "high", "urgent"]);

/**
 * @typedef {object} Hands what the inbox does for a command
 * @property {() => void} next
 * @property {() => void} previous
 * @property {() => void} reply
 * @property {() => void} note
 * @property {() => void} resolveAndNext
 * @property {() => void} undo
 * @property {() => void} explain the bot's last reply
 * @property {() => boolean} canExplain
 * @property {() => void} search
 * @property {() => void} bar
 * @property {() => void} help
 * @property {(name: Button) => void} press a button of the conversation
 * @property {(name: Button) => boolean} offers whether the button is there
 * @property {(priority: Row["priority"]) => void} prioritise
 * @property {() => boolean} canUndo
 * @property {(view: string) => void} show a view of the list
 */

/**
 * @param {Hands} hands
 * @param {[string, string][]} views their names and titles
 * @returns {Command[]}
 */
export function commandsOf(hands, views) {
  return [
    { keys: "Alt+J", title: "Next conversation", run: hands.next },
    { keys: "Alt+K", title: "Previous conversation", run: hands.previous },
    { keys: "Alt+L", title: "Reply, and take over if need be", run: hands.reply },
    { keys: "Alt+P", title: "Private note", run: hands.note, when: () => hands.offers("mode-note") },
    { keys: "Alt+A", title: "Attach files", run: () => hands.press("attach"), when: () => hands.offers("attach") },
    { keys: "Alt+I", title: "Insert an emoji", run: () => hands.press("emoji"), when: () => hands.offers("emoji") },
    { keys: "Alt+V", title: "Put the reply into our voice", run: () => hands.press("in-voice"), when: () => hands.offers("in-voice") },
    { keys: "Alt+R", title: "Assistant: other words, a summary, labels, a follow-up", run: () => hands.press("assist"), when: () => hands.offers("assist") },
    { keys: "Alt+Z", title: "Undo send", run: hands.undo, when: hands.canUndo },
    { keys: "Alt+E", title: "Resolve", run: () => hands.press("resolve"), when: () => hands.offers("resolve") },
    { keys: "Ctrl+Alt+E", title: "Resolve and open the next", run: hands.resolveAndNext, when: () => hands.offers("resolve") },
    { keys: "Alt+M", title: "Snooze, or end the snooze", run: () => hands.press("snooze"), when: () => hands.offers("snooze") },
    { keys: "", title: "Take over", run: () => hands.press("take"), when: () => hands.offers("take") },
    { keys: "", title: "Hand back to the bot", run: () => hands.press("release"), when: () => hands.offers("release") },
    { keys: "Alt+W", title: "Why did the bot say this? Correct it", run: hands.explain, when: hands.canExplain },
    { keys: "", title: "Search messages, people and articles", run: hands.search },
    { keys: "", title: "Edit labels", run: () => hands.press("edit-labels"), when: () => hands.offers("edit-labels") },
    { keys: "", title: "Follow, or unfollow", run: () => hands.press("follow"), when: () => hands.offers("follow") },
    { keys: "", title: "Merge with another conversation", run: () => hands.press("merge"), when: () => hands.offers("merge") },
    ...PRIORITIES.map((name) => ({
      keys: "",
      title: `Set the priority to ${name}`,
      run: () => hands.prioritise(name),
      when: () => hands.offers("edit-labels"),
    })),
    ...views.map(([name, title]) => ({ keys: "", title: `Show ${title}`, run: () => hands.show(name) })),
    { keys: "Ctrl+K", title: "Command bar", run: hands.bar },
    { keys: "?", title: "Keyboard shortcuts", run: hands.help },
  ];
}
