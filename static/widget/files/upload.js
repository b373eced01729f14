// One file on its way to the server, with its progress.

/** @import {Attachment} from "../protocol.js" */

/** Why a file was not taken: the server's code, or `offline` where it could not be reached. */
export class Refusal extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {File} file
 * @param {(share: number) => void} progress from 0 to 1
 * @param {AbortSignal} signal ends it
 * @returns {Promise<Attachment>}
 */
export function upload(url, headers, file, progress, signal) {
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append("file", file);
  return new Promise((resolve, reject) => {
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = () => {
      if (request.status === 201) resolve(request.response);
      else reject(new Refusal(request.response?.code ?? (request.status === 413 ? "too_large" : "failed")));
    };
    request.onerror = request.onabort = () => reject(new Refusal("offline"));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
