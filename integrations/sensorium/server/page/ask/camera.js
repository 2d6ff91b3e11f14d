/** A button that takes a picture. */
import { html, useEffect, useRef, useState } from "../base/html.js";
import { Icon } from "../base/icon.js";
import { say } from "../base/saying.js";

/** @param {{taken: (file: File) => void}} props */
export function CameraButton({ taken }) {
  const [stream, setStream] = useState(null);
  const dialog = useRef(null);
  const view = useRef(null);
  useEffect(() => {
    if (!stream) return undefined;
    dialog.current.showModal();
    view.current.srcObject = stream;
    return () => stream.getTracks().forEach((track) => track.stop());
  }, [stream]);
  const start = async () => {
    try {
      setStream(await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }));
    } catch (error) {
      say(`No camera: ${error.message} Allow it for this page, or choose a file.`);
    }
  };
  const take = () => {
    const { videoWidth: width, videoHeight: height } = view.current;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d").drawImage(view.current, 0, 0);
    canvas.toBlob((blob) => {
      setStream(null);
      if (blob) taken(new File([blob], "camera.jpg", { type: "image/jpeg" }));
    }, "image/jpeg", 0.9);
  };
  return html`<button type="button" class="plain square" aria-label="Ask with the camera" title="Ask with the camera" onClick=${start}><${Icon} name="camera" /></button>
    ${stream && html`<dialog ref=${dialog} onClose=${() => setStream(null)} aria-label="Camera">
      <video class="camera" ref=${view} autoplay playsinline muted></video>
      <p></p>
      <div class="row"><button type="button" class="first" onClick=${take}><${Icon} name="camera" />Take the picture</button>
        <button type="button" onClick=${() => setStream(null)}>Leave</button></div>
    </dialog>`}`;
}
