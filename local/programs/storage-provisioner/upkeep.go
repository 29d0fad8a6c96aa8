package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

const provisionedBy = "pv.kubernetes.io/provisioned-by"

// upkeep looks after volumes that are bound: each is mounted, and as large as
// its claim asks. Kubernetes lets a claim only grow.
type upkeep struct {
	client  kubernetes.Interface
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	synced  []cache.InformerSynced
	queue   workqueue.TypedRateLimitingInterface[cache.ObjectName]
	events  record.EventRecorder
	storage *volumes
}

func newUpkeep(client kubernetes.Interface, factory informers.SharedInformerFactory, storage *volumes) *upkeep {
	claims, found := factory.Core().V1().PersistentVolumeClaims(), factory.Core().V1().PersistentVolumes()
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	u := &upkeep{
		client:  client,
		claims:  claims.Lister(),
		volumes: found.Lister(),
		synced:  []cache.InformerSynced{claims.Informer().HasSynced, found.Informer().HasSynced},
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[cache.ObjectName](time.Second, time.Minute),
		),
		events:  broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: provisionerName}),
		storage: storage,
	}
	_, err := claims.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    u.enqueue,
		UpdateFunc: func(_, claim any) { u.enqueue(claim) },
	})
	if err != nil {
		klog.Fatalf("follow the claims: %v", err)
	}
	return u
}

func (u *upkeep) enqueue(claim any) {
	name, err := cache.ObjectToName(claim)
	if err != nil {
		klog.Errorf("a claim without a name: %v", err)
		return
	}
	u.queue.Add(name)
}

func (u *upkeep) run(ctx context.Context) {
	defer u.queue.ShutDown()
	if !cache.WaitForCacheSync(ctx.Done(), u.synced...) {
		return
	}
	for {
		name, over := u.queue.Get()
		if over {
			return
		}
		if err := u.sync(ctx, name); err != nil {
			klog.Errorf("claim %s: %v", name, err)
			u.queue.AddRateLimited(name)
		} else {
			u.queue.Forget(name)
		}
		u.queue.Done(name)
	}
}

// sync brings the volume of one claim to what the claim says. Safe to repeat.
func (u *upkeep) sync(ctx context.Context, name cache.ObjectName) error {
	claim, err := u.claims.PersistentVolumeClaims(name.Namespace).Get(name.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if claim.Status.Phase != corev1.ClaimBound {
		return nil
	}
	volume, err := u.volumes.Get(claim.Spec.VolumeName)
	if err != nil {
		return err
	}
	if volume.Annotations[provisionedBy] != provisionerName || volume.Spec.ClaimRef == nil || volume.Spec.ClaimRef.UID != claim.UID {
		return nil
	}
	if err := u.storage.mount(volume); err != nil {
		u.events.Eventf(claim, corev1.EventTypeWarning, "VolumeNotMounted", "Its files are not there for pods: %v", err)
		return err
	}
	wanted := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	if wanted.Cmp(claim.Status.Capacity[corev1.ResourceStorage]) <= 0 {
		return nil
	}
	if err := u.expand(ctx, claim, volume, wanted); err != nil {
		u.events.Eventf(claim, corev1.EventTypeWarning, "VolumeResizeFailed", "The volume does not grow to %s: %v", &wanted, err)
		return err
	}
	u.events.Eventf(claim, corev1.EventTypeNormal, "VolumeResizeSuccessful", "The volume has %s now.", &wanted)
	return nil
}

func (u *upkeep) expand(ctx context.Context, claim *corev1.PersistentVolumeClaim, volume *corev1.PersistentVolume, wanted resource.Quantity) error {
	if wanted.Cmp(volume.Spec.Capacity[corev1.ResourceStorage]) > 0 {
		if err := u.storage.grow(volume, wanted.Value()); err != nil {
			return err
		}
		patch, err := capacity("spec", wanted)
		if err != nil {
			return err
		}
		if _, err := u.client.CoreV1().PersistentVolumes().Patch(ctx, volume.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("write down the volume's size: %w", err)
		}
	}
	patch, err := capacity("status", wanted)
	if err != nil {
		return err
	}
	if _, err := u.client.CoreV1().PersistentVolumeClaims(claim.Namespace).Patch(ctx, claim.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		return fmt.Errorf("write down the claim's size: %w", err)
	}
	return nil
}

// capacity gives the merge patch that says a size in an object's spec or status.
func capacity(part string, size resource.Quantity) ([]byte, error) {
	return json.Marshal(map[string]any{
		part: map[string]any{"capacity": corev1.ResourceList{corev1.ResourceStorage: size}},
	})
}
